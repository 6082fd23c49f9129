//! Events of router-service.

use crate::ids::{ChequeHash, TransferId, UserId};
use crate::money::Amount;
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};

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
    /// The user who receives the money: the owner of the cheque, or another member of a group.
    pub to_user: UserId,
    /// The amount.
    pub amount: Amount,
    /// The cheque, or the group in which members settle up.
    pub hash: ChequeHash,
}

impl Event for TransferRequested {
    const TYPE: &'static str = "router.TransferRequested.v1";

    fn ordering_key(&self) -> String {
        self.transfer_id.to_string()
    }
}
