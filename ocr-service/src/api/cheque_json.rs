//! A cheque as its owner sees it.

use crate::domain::kept_cheque::KeptCheque;
use contracts::cheque::Cheque;
use contracts::ids::ChequeHash;
use serde::Serialize;
use time::OffsetDateTime;

/// A cheque as it was read, with its link.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReadCheque)]
pub(super) struct ChequeJson {
    hash: ChequeHash,
    /// The link to be shared.
    pub(super) url: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When the link ends.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// As it was first read: what was corrected since is with router-service.
    cheque: Cheque,
}

impl ChequeJson {
    /// A cheque with its contents, and its link.
    pub(super) fn new(kept: &KeptCheque, cheque: Cheque, share_base_url: &str) -> Self {
        Self {
            hash: kept.hash.clone(),
            url: format!("{share_base_url}/small-router/{}", kept.hash),
            created_at: kept.created_at,
            expires_at: kept.expires_at,
            cheque,
        }
    }
}
