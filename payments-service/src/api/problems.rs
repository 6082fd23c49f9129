//! Problems of several operations.

use http_api::problem::Problem;

pub(super) fn no_account() -> Problem {
    Problem::not_found("account_not_found", "you have no account yet; a top-up opens one")
}
