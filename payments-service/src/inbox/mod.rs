//! What comes in from other services: one file per event.

mod order_created;
mod transfer_requested;

use messaging::Subscriptions;

/// Who handles what.
pub fn subscriptions() -> Subscriptions {
    Subscriptions::new().on(order_created::DecideOrder).on(transfer_requested::DecideTransfer)
}
