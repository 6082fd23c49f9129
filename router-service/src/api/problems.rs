//! Problems that several operations have.

use http_api::problem::Problem;

/// No such cheque, or one of another owner.
pub(super) fn no_such_cheque() -> Problem {
    Problem::not_found("cheque_not_found", "the cheque does not exist")
}
