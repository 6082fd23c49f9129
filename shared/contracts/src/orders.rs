//! What orders-service says.

use crate::ids::{OrderId, UserId};
use crate::money::Amount;
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};

/// An order was placed and waits to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OrderCreated {
    /// The order.
    pub order_id: OrderId,
    /// Who placed it and is to pay.
    pub user_id: UserId,
    /// How much is to be paid.
    pub amount: Amount,
}

impl Event for OrderCreated {
    const TYPE: &'static str = "orders.OrderCreated.v1";

    fn ordering_key(&self) -> String {
        self.order_id.to_string()
    }
}
