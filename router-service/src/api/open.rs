//! Opening a link: the cheque, or why there is none.

use crate::domain::split::Split;
use crate::state::State;
use crate::store::cheques::{self, Found};
use chassis::clock;
use chassis::problem::Problem;
use contracts::ids::ChequeHash;
use http::StatusCode;
use time::OffsetDateTime;

/// The cheque of a link, fetched if it is not here yet.
///
/// # Errors
/// 404 for a link that leads nowhere, 410 for one that has ended.
pub(super) async fn open(state: &State, hash: &str) -> Result<Split, Problem> {
    let hash = cheque_hash(hash)?;
    let found = match cheques::find(&state.replica, &hash).await? {
        Some(found) => Some(found),
        None => state.arrivals.fetch(&hash).await?,
    };
    readable(found, clock::now())
}

/// What is found, if it may be read.
///
/// # Errors
/// 404 when there is nothing, 410 when it has ended.
pub(super) fn readable(found: Option<Found>, now: OffsetDateTime) -> Result<Split, Problem> {
    match found {
        None => Err(no_such_cheque()),
        Some(Found::Deleted) => Err(Problem::new(StatusCode::GONE, "cheque_deleted", "its owner deleted the cheque")),
        Some(Found::Split(split)) if split.is_expired(now) => {
            Err(Problem::new(StatusCode::GONE, "cheque_expired", "the link has ended"))
        }
        Some(Found::Split(split)) => Ok(split),
    }
}

/// A key in a path; what has not its form leads nowhere either.
pub(super) fn cheque_hash(text: &str) -> Result<ChequeHash, Problem> {
    ChequeHash::try_from(text.to_owned()).map_err(|_| no_such_cheque())
}

pub(super) fn no_such_cheque() -> Problem {
    Problem::not_found("cheque_not_found", "there is no such cheque")
}
