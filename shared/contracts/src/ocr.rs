//! What ocr-service says.

use crate::cheque::Cheque;
use crate::ids::{ChequeHash, UserId};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A photo was read into a cheque; from now on router-service owns the cheque.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChequeRecognized {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// Who took the photo, and is to be paid.
    pub owner_id: UserId,
    /// When the link ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// What was read.
    pub cheque: Cheque,
}

impl Event for ChequeRecognized {
    const TYPE: &'static str = "ocr.ChequeRecognized.v1";

    fn ordering_key(&self) -> String {
        self.hash.to_string()
    }
}
