//! A cheque as a JSON response for its owner.

use crate::domain::stored_cheque::StoredCheque;
use contracts::cheque::Cheque;
use contracts::ids::ChequeHash;
use serde::Serialize;
use time::OffsetDateTime;

/// A cheque as it was recognised, with its share link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReadCheque)]
pub(super) struct ChequeJson {
    hash: ChequeHash,
    /// URL of the share link.
    pub(super) url: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the link expires.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// The cheque as first recognised. router-service has the corrections that were made later.
    cheque: Cheque,
}

impl ChequeJson {
    /// Builds the response for a cheque.
    pub(super) fn new(stored: &StoredCheque, cheque: Cheque, share_base_url: &str) -> Self {
        Self {
            hash: stored.hash.clone(),
            url: format!("{share_base_url}/small-router/{}", stored.hash),
            created_at: stored.created_at,
            expires_at: stored.expires_at,
            cheque,
        }
    }
}
