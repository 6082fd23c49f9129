//! Refusals as problems.

use chassis::problem::Problem;
use http::StatusCode;
use rabbit_outbox::dead_letters::{Direction, SettleError};
use uuid::Uuid;

/// The letter that a path names; what is no direction or no id is no letter either.
pub(crate) fn address(direction: &str, event_id: &str) -> Result<(Direction, Uuid), Problem> {
    let direction = direction.parse().map_err(|_| no_such_letter())?;
    let event_id = event_id.parse().map_err(|_| no_such_letter())?;
    Ok((direction, event_id))
}

pub(crate) fn no_such_letter() -> Problem {
    Problem::not_found("dead_letter_not_found", "there is no such dead letter")
}

pub(crate) fn settling(failure: SettleError) -> Problem {
    match failure {
        SettleError::NotFound { .. } => no_such_letter(),
        SettleError::Settled(_) => Problem::new(StatusCode::CONFLICT, "dead_letter_settled", failure.to_string()),
        SettleError::BeyondWindow => Problem::new(StatusCode::CONFLICT, "dead_letter_too_old", failure.to_string()),
        SettleError::Database(source) => source.into(),
        _ => Problem::new(StatusCode::CONFLICT, "dead_letter_settled", failure.to_string()),
    }
}
