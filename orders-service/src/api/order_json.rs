//! An order as a JSON response.

use crate::domain::order::Order;
use contracts::ids::{OrderId, UserId};
use contracts::money::Amount;
use serde::Serialize;
use time::OffsetDateTime;

/// An order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderJson {
    id: OrderId,
    user_id: UserId,
    amount: Amount,
    /// The user's description of the order.
    description: Option<String>,
    /// `PENDING`, `PAID`, `FAILED`, `CANCELLING` or `CANCELLED`.
    status: &'static str,
    /// Why it failed or was cancelled: `insufficient_funds`, `no_account`, `cancelled_by_user`, `payment_timeout`.
    reason: Option<String>,
    /// Grows by one with each change of the status.
    version: i64,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

impl From<Order> for OrderJson {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            user_id: order.user_id,
            amount: order.amount,
            description: order.description,
            status: order.status.as_str(),
            reason: order.reason,
            version: order.version,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}
