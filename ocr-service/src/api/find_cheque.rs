//! The cheque that a path names, and the problems if there is none.

use crate::domain::stored_cheque::StoredCheque;
use crate::state::State;
use crate::store;
use contracts::ids::ChequeHash;
use http::StatusCode;
use http_api::problem::Problem;

/// The cheque with the key in the path, for any caller. Text without the form of a key gets the same 404 as an unknown
/// key.
pub(super) async fn find(state: &State, hash: String) -> Result<StoredCheque, Problem> {
    let hash = ChequeHash::try_from(hash).map_err(|_| no_such_cheque())?;
    store::cheques::find(&state.database, &hash).await?.ok_or_else(no_such_cheque)
}

pub(super) fn no_such_cheque() -> Problem {
    Problem::not_found("cheque_not_found", "the cheque does not exist or belongs to another user")
}

pub(super) fn expired() -> Problem {
    Problem::new(StatusCode::GONE, "cheque_expired", "the cheque was deleted or has expired")
}
