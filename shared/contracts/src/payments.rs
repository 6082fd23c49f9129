//! Events of payments-service.

use crate::ids::{OrderId, TransactionId, TransferId};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The order was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PaymentCompleted {
    /// The order.
    pub order_id: OrderId,
    /// The row of the ledger with the payment.
    pub transaction_id: TransactionId,
}

impl Event for PaymentCompleted {
    const TYPE: &'static str = "payments.PaymentCompleted.v1";

    fn ordering_key(&self) -> String {
        self.order_id.to_string()
    }
}

/// The order was refused permanently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PaymentFailed {
    /// The order.
    pub order_id: OrderId,
    /// The reason.
    pub reason: RefusalReason,
}

impl Event for PaymentFailed {
    const TYPE: &'static str = "payments.PaymentFailed.v1";

    fn ordering_key(&self) -> String {
        self.order_id.to_string()
    }
}

/// The transfer was completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TransferCompleted {
    /// The requested transfer.
    pub transfer_id: TransferId,
}

impl Event for TransferCompleted {
    const TYPE: &'static str = "payments.TransferCompleted.v1";

    fn ordering_key(&self) -> String {
        self.transfer_id.to_string()
    }
}

/// The transfer was refused permanently; another attempt has another id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TransferFailed {
    /// The requested transfer.
    pub transfer_id: TransferId,
    /// The reason.
    pub reason: RefusalReason,
}

impl Event for TransferFailed {
    const TYPE: &'static str = "payments.TransferFailed.v1";

    fn ordering_key(&self) -> String {
        self.transfer_id.to_string()
    }
}

/// Why an order was not charged, or a transfer not completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The balance is lower than the amount.
    InsufficientFunds,
    /// The paying user has no account.
    NoAccount,
    /// The receiving user's balance would exceed the maximum of an account.
    BalanceTooLarge,
}

impl RefusalReason {
    /// The name on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::NoAccount => "no_account",
            Self::BalanceTooLarge => "balance_too_large",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
