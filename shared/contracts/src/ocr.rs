//! Events of ocr-service.

use crate::cheque::Cheque;
use crate::ids::{ChequeHash, UserId};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A cheque was recognised on a photo. From now on router-service owns the cheque.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChequeRecognized {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The user who took the photo and receives the payments.
    pub owner_id: UserId,
    /// When the link expires.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The recognised cheque.
    pub cheque: Cheque,
}

impl Event for ChequeRecognized {
    const TYPE: &'static str = "ocr.ChequeRecognized.v1";

    fn ordering_key(&self) -> String {
        self.hash.to_string()
    }
}
