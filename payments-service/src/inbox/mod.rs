//! What comes in from other services: one file per event.

mod order_created;
mod transfer_requested;
mod user_registered;

use rabbit_outbox::Subscriptions;

/// Events handled in one transaction at most: the handlers work on sets.
pub const BATCH_MAX: u16 = 128;

/// Who handles what.
pub fn subscriptions() -> Subscriptions {
    Subscriptions::new()
        .on_batch(order_created::DecideOrders)
        .on(transfer_requested::DecideTransfer)
        .on(user_registered::OpenAccount)
}
