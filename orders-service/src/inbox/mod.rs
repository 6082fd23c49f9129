//! Events from other services: one file per event.

mod decisions;
mod payment_completed;
mod payment_failed;

use crate::state::State;
use rabbit_outbox::Subscriptions;

/// Largest number of events handled in one transaction; the handlers work on sets.
pub const BATCH_MAX: u16 = 128;

/// Maps events to their handlers.
pub fn subscriptions(state: &State) -> Subscriptions {
    Subscriptions::new()
        .on_batch(payment_completed::MarkPaid { hub: state.hub.clone() })
        .on_batch(payment_failed::MarkFailed { hub: state.hub.clone() })
}
