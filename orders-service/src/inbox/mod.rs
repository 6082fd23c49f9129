//! What comes in from other services: one file per event.

mod decided;
mod payment_completed;
mod payment_failed;

use crate::state::State;
use rabbit_outbox::Subscriptions;

/// Events handled in one transaction at most: the handlers work on sets.
pub const BATCH_MAX: u16 = 128;

/// Who handles what.
pub fn subscriptions(state: &State) -> Subscriptions {
    Subscriptions::new()
        .on_batch(payment_completed::MarkPaid { hub: state.hub.clone() })
        .on_batch(payment_failed::MarkFailed { hub: state.hub.clone() })
}
