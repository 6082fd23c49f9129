//! The cheque that a path names, and the problems if there is none.

use crate::domain::stored_cheque::StoredCheque;
use crate::state::State;
use crate::store;
use contracts::ids::ChequeHash;
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use std::time::Duration;

/// How long to wait before looking again for a bill whose event may be on its way: two seconds together.
const WAITS: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(600),
    Duration::from_millis(700),
];

/// The cheque with the key in the path, for any caller. Text without the form of a key gets the same 404 as an unknown
/// key.
pub(super) async fn find(state: &State, hash: String) -> Result<StoredCheque, Problem> {
    let hash = ChequeHash::try_from(hash).map_err(|_| no_such_cheque())?;
    store::cheques::find(&state.database, &hash).await?.ok_or_else(no_such_cheque)
}

/// Like [`find`], and waits for up to two seconds for a bill that was entered by hand a moment ago: it becomes known here by
/// an event.
pub(super) async fn find_soon(state: &State, hash: String) -> Result<StoredCheque, Problem> {
    let hash = ChequeHash::try_from(hash).map_err(|_| no_such_cheque())?;
    for wait in WAITS {
        if let Some(stored) = store::cheques::find(&state.database, &hash).await? {
            return Ok(stored);
        }
        tokio::time::sleep(wait).await;
    }
    let not_yet = || {
        let detail = "the cheque does not exist or belongs to another user; if it was entered just now, try again";
        let problem = Problem::not_found("cheque_not_found", detail);
        problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("2"))
    };
    store::cheques::find(&state.database, &hash).await?.ok_or_else(not_yet)
}

pub(super) fn no_such_cheque() -> Problem {
    Problem::not_found("cheque_not_found", "the cheque does not exist or belongs to another user")
}

pub(super) fn expired() -> Problem {
    Problem::new(StatusCode::GONE, "cheque_expired", "the cheque was deleted or has expired")
}
