//! What sockets are told.

use crate::domain::order::Order;
use contracts::ids::{OrderId, UserId};
use contracts::money::Amount;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Whether a message tells the state on arrival or a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The state when the socket opened, or after something may have been missed.
    Snapshot,
    /// The state after a change.
    Update,
}

/// A message on a socket. A client drops one whose version is not greater than what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LiveMessage {
    /// Snapshot or update.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The order.
    pub order_id: OrderId,
    /// `PENDING`, `PAID`, `FAILED`, `CANCELLING` or `CANCELLED`.
    pub status: String,
    /// Grows by one with each change of the status.
    pub version: i64,
    /// What is to be paid.
    pub amount: Amount,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// When it changed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl LiveMessage {
    /// Tells the state of an order.
    pub fn of(kind: Kind, order: &Order) -> Self {
        Self {
            kind,
            order_id: order.id,
            status: order.status.as_str().to_owned(),
            version: order.version,
            amount: order.amount,
            reason: order.reason.clone(),
            at: order.updated_at,
        }
    }
}

/// An update on its way to another replica: whose it is, and what to tell.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hint {
    pub(super) user_id: UserId,
    pub(super) message: LiveMessage,
}
