//! Messages sent to the sockets.

use crate::domain::order::Order;
use contracts::ids::{OrderId, UserId};
use contracts::money::Amount;
use live_sockets::Update;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use trace::TraceContext;
use tracing::warn;

/// Whether a message is a snapshot or a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The state when the socket opens, or after updates may have been missed.
    Snapshot,
    /// The state after a change.
    Update,
}

/// A WebSocket message. Clients ignore a message whose version is not greater than the version they already have.
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
    /// The amount to pay.
    pub amount: Amount,
    /// Why it failed or was cancelled.
    pub reason: Option<String>,
    /// When it changed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl LiveMessage {
    /// Builds a message with the order's current state.
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

    /// Serialises the message. `context` is the trace context of the change.
    pub(super) fn update(&self, context: Option<TraceContext>) -> Option<Update<OrderId>> {
        // Serialising plain strings and numbers cannot fail.
        let text = serde_json::to_string(self)
            .inspect_err(|failure| warn!(error = %failure, "a live message could not be serialised"));
        Some(Update { item: self.order_id, version: self.version, text: text.ok()?.into(), context })
    }
}

/// An update sent to the other replicas: the message and the user it is for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReplicaNotification {
    pub(super) user_id: UserId,
    pub(super) message: LiveMessage,
    /// The trace context of the change. Replicas of the previous release do not send it.
    #[serde(default)]
    pub(super) traceparent: Option<String>,
}
