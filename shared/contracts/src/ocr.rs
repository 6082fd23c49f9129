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

/// A further photo of a cheque was read, or a photo was taken again. router-service decides whether it still fits: not
/// once money has moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChequePageRead {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The user who sent the photo.
    pub owner_id: UserId,
    /// The number of the photo; of a document with several pages, that of the first.
    pub page: u32,
    /// Whether it takes the place of what was read before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// What was read on it, with its photos and boxes numbered within the whole cheque.
    pub cheque: Cheque,
}

impl Event for ChequePageRead {
    const TYPE: &'static str = "ocr.ChequePageRead.v1";

    fn ordering_key(&self) -> String {
        self.hash.to_string()
    }
}
