//! What router-service says.

use crate::ids::{ChequeHash, TransferId, UserId};
use crate::money::Amount;
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};

/// A link was opened whose cheque has not arrived: ocr-service is to announce it again.
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

/// The owner deleted the cheque: its photo is to be deleted too.
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

/// A participant of a cheque settles: payments-service is to move the money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TransferRequested {
    /// One attempt to settle; asked again it gets the same answer.
    pub transfer_id: TransferId,
    /// Who pays.
    pub from_user: UserId,
    /// Who is paid: the owner of the cheque.
    pub to_user: UserId,
    /// How much.
    pub amount: Amount,
    /// The cheque.
    pub hash: ChequeHash,
}

impl Event for TransferRequested {
    const TYPE: &'static str = "router.TransferRequested.v1";

    fn ordering_key(&self) -> String {
        self.transfer_id.to_string()
    }
}
