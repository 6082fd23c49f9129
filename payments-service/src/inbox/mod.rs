//! Event handlers: one file per event.

mod order_created;
mod transfer_requested;
mod user_registered;

use rabbit_outbox::Subscriptions;

/// Most events per transaction: the handlers process batches.
pub const BATCH_MAX: u16 = 128;

/// The handlers of all subscribed events.
pub fn subscriptions() -> Subscriptions {
    Subscriptions::new()
        .on_batch(order_created::DecideOrders)
        .on(transfer_requested::DecideTransfer)
        .on(user_registered::OpenAccount)
}
