//! Events of orders-service.

use crate::ids::{OrderId, UserId};
use crate::money::Amount;
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};

/// An order was placed and awaits payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrderCreated {
    /// The order.
    pub order_id: OrderId,
    /// The user who placed it and pays.
    pub user_id: UserId,
    /// The amount to pay.
    pub amount: Amount,
}

impl Event for OrderCreated {
    const TYPE: &'static str = "orders.OrderCreated.v1";

    fn ordering_key(&self) -> String {
        self.order_id.to_string()
    }
}
