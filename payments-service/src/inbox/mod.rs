//! What comes in from other services: one file per event.

mod order_created;
mod transfer_requested;

use messaging::Subscriptions;

/// Who handles what.
pub fn subscriptions() -> Subscriptions {
    Subscriptions::new().on_batch(order_created::DecideOrders).on(transfer_requested::DecideTransfer)
}
