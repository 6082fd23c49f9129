//! Events from other services: one file per event.

mod cheque_page_read;
mod cheque_recognized;
mod transfer_answer;
mod transfer_completed;
mod transfer_failed;

use crate::state::State;
use rabbit_outbox::Subscriptions;

/// Maps events to their handlers.
pub fn subscriptions(state: &State) -> Subscriptions {
    Subscriptions::new()
        .on(cheque_recognized::OpenCheque { hub: state.hub.clone(), fetcher: state.fetcher.clone() })
        .on(cheque_page_read::AddPage { hub: state.hub.clone() })
        .on(transfer_completed::MarkPaid { hub: state.hub.clone() })
        .on(transfer_failed::MarkFailed { hub: state.hub.clone() })
}
