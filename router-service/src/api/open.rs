//! Opens a share link: returns its cheque, or the reason why there is none.

use super::problems::no_such_cheque;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::state::State;
use crate::store::cheques::{self, Found};
use contracts::ids::ChequeHash;
use http::StatusCode;
use http_api::problem::Problem;
use process::clock;
use time::OffsetDateTime;

/// The cheque of a link; a cheque that is not stored here yet is fetched first.
///
/// # Errors
/// 404 for an unknown link, 410 for a deleted cheque, and for an expired link unless the visitor is a user of the cheque.
pub(super) async fn open(state: &State, hash: &str, visitor: Visitor) -> Result<Split, Problem> {
    let hash = cheque_hash(hash)?;
    let found = match cheques::find(&state.database, &hash).await? {
        Some(found) => Some(found),
        None => state.fetcher.fetch(&hash).await?,
    };
    readable(found, visitor, clock::now())
}

/// The stored cheque, if the visitor may read it: a link expires for guests and strangers, not for the owner and the users
/// who share the cheque.
///
/// # Errors
/// 404 if there is none, 410 if its link has expired or it was deleted.
pub(super) fn readable(found: Option<Found>, visitor: Visitor, now: OffsetDateTime) -> Result<Split, Problem> {
    match found {
        None => Err(no_such_cheque()),
        Some(Found::Deleted) => Err(Problem::new(StatusCode::GONE, "cheque_deleted", "the owner deleted the cheque")),
        Some(Found::Split(split)) if split.is_expired(now) && !visitor.is_user_of(&split) => Err(Problem::new(
            StatusCode::GONE,
            "cheque_expired",
            "the link has expired; sign in if you share this cheque",
        )),
        Some(Found::Split(split)) => Ok(split),
    }
}

/// Parses the key from the path. Text without the form of a key gets the same 404 as an unknown key.
pub(super) fn cheque_hash(text: &str) -> Result<ChequeHash, Problem> {
    ChequeHash::try_from(text.to_owned()).map_err(|_| no_such_cheque())
}

/// The participant of a path. They are numbered from 1, so 0 stands for text that is not a number: no such participant.
pub(super) fn participant_number(id: &str) -> ParticipantId {
    ParticipantId(id.parse().unwrap_or(0))
}
