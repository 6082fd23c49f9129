//! Events of router-service.

use crate::ids::{ChequeHash, TransferId, UserId};
use crate::money::Amount;
use crate::title::Title;
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// A share link was opened before its cheque arrived: ocr-service publishes the cheque again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChequeRequested {
    /// The key of the share link.
    pub hash: ChequeHash,
}

impl Event for ChequeRequested {
    const TYPE: &'static str = "router.ChequeRequested.v1";

    fn ordering_key(&self) -> String {
        self.hash.to_string()
    }
}

/// A user entered a bill by hand: from now on ocr-service takes photos of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChequeEntered {
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The user who entered it and receives the payments.
    pub owner_id: UserId,
    /// When the link expires, unless it is renewed.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

impl Event for ChequeEntered {
    const TYPE: &'static str = "router.ChequeEntered.v1";

    fn ordering_key(&self) -> String {
        self.hash.to_string()
    }
}

/// The owner deleted the cheque: ocr-service deletes its photo too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChequeDeleted {
    /// The key of the share link.
    pub hash: ChequeHash,
}

impl Event for ChequeDeleted {
    const TYPE: &'static str = "router.ChequeDeleted.v1";

    fn ordering_key(&self) -> String {
        self.hash.to_string()
    }
}

/// A participant of a cheque settles: payments-service transfers the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TransferRequested {
    /// One attempt to settle; a repeated request gets the same decision.
    pub transfer_id: TransferId,
    /// The user who pays.
    pub from_user: UserId,
    /// The user who receives the money: who has paid the restaurant.
    pub to_user: UserId,
    /// The amount.
    pub amount: Amount,
    /// The cheque.
    pub hash: ChequeHash,
    /// What the cheque is called, if it is known; for the statements of both users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// The name of the participant who settles, or gets money back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant_name: Option<String>,
}

impl Event for TransferRequested {
    const TYPE: &'static str = "router.TransferRequested.v1";

    fn ordering_key(&self) -> String {
        self.transfer_id.to_string()
    }
}
