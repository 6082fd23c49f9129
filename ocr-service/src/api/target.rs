//! What an uploaded picture belongs to: a new cheque, or one that exists.

use super::find_cheque::{expired, find_soon, no_such_cheque};
use crate::domain::stored_cheque::StoredCheque;
use crate::state::State;
use axum::body::Bytes;
use contracts::ids::{ChequeHash, UserId};
use http_api::problem::Problem;
use process::clock;

/// What a picture belongs to.
pub(super) enum Target {
    /// It is a new cheque.
    New,
    /// It is another photo of a cheque.
    Page(Page),
}

/// Another photo of a cheque.
pub(super) struct Page {
    pub(super) hash: ChequeHash,
    /// It takes the place of what was read before.
    pub(super) again: bool,
}

impl Target {
    /// Reads the parameters, and checks the cheque before anything is received.
    ///
    /// # Errors
    /// 404 unless the cheque is the user's, 410 if it is gone, 422 for an invalid parameter.
    pub(super) async fn of(
        state: &State,
        user_id: UserId,
        cheque: Option<String>,
        again: Option<String>,
    ) -> Result<Self, Problem> {
        let again = again.map_or(Ok(false), |text| text.parse());
        let again = again.map_err(|_| Problem::invalid_parameter("again", "must be true or false"))?;
        let Some(cheque) = cheque else {
            if again {
                return Err(Problem::invalid_parameter("again", "needs `cheque`"));
            }
            return Ok(Self::New);
        };
        let stored = find_soon(state, cheque).await?;
        check(&stored, user_id)?;
        Ok(Self::Page(Page { hash: stored.hash, again }))
    }

    /// What identifies the request: the picture, and what it belongs to.
    pub(super) fn fingerprint(&self, picture: &Bytes) -> Bytes {
        match self {
            Self::New => picture.clone(),
            Self::Page(Page { hash, again }) => {
                let again = if *again { b"again".as_slice() } else { b"" };
                [picture, hash.as_str().as_bytes(), again].concat().into()
            }
        }
    }
}

/// Whether the user may add a photo.
pub(super) fn check(stored: &StoredCheque, user_id: UserId) -> Result<(), Problem> {
    if stored.owner_id != user_id {
        return Err(no_such_cheque());
    }
    stored.open(clock::now()).map(drop).ok_or_else(expired)
}
