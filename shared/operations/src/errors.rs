//! Errors of operations as problems.

use crate::problem::Problem;
use http::StatusCode;
use rabbit_outbox::dead_letters::{EditError, SettleError};
use std::fmt::Display;

pub(crate) fn no_such_dead_letter() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "dead_letter_not_found", "there is no such dead letter")
}

/// `operation` says what was being done, for the log.
pub(crate) fn settle_problem(operation: impl Display, failure: &SettleError) -> Problem {
    let code = match failure {
        SettleError::NotFound { .. } => return no_such_dead_letter(),
        SettleError::Database(source) => return Problem::of_database(operation, source),
        SettleError::BeyondWindow => "dead_letter_too_old",
        SettleError::StillOpen => "dead_letter_open",
        _ => "dead_letter_settled",
    };
    Problem::new(StatusCode::CONFLICT, code, failure.to_string())
}

/// As [`settle_problem`].
pub(crate) fn edit_problem(operation: impl Display, failure: &EditError) -> Problem {
    match failure {
        EditError::Settle(failure) => settle_problem(operation, failure),
        EditError::NoEvent(_) => Problem::new(StatusCode::CONFLICT, "dead_letter_no_event", failure.to_string()),
        _ => Problem::invalid(failure.to_string()),
    }
}
