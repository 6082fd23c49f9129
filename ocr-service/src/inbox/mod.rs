//! Events from other services: one file per event.

mod cheque_deleted;
mod cheque_entered;
mod cheque_requested;

use crate::state::State;
use rabbit_outbox::Subscriptions;
use std::sync::Arc;

/// Maps events to their handlers.
pub fn subscriptions(state: &State) -> Subscriptions {
    Subscriptions::new()
        .on(cheque_entered::ExpectPhotos)
        .on_some(cheque_requested::AnnounceAgain)
        .on(cheque_deleted::Empty { janitor: Arc::clone(&state.janitor) })
}
