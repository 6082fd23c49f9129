//! What comes in from other services: one file per event.

mod payment_completed;
mod payment_failed;

use crate::live::hub::Hub;
use crate::state::State;
use messaging::Subscriptions;

/// Who handles what.
pub fn subscriptions(state: &State) -> Subscriptions {
    Subscriptions::new()
        .on(payment_completed::MarkPaid { hub: state.hub.clone() })
        .on(payment_failed::MarkFailed { hub: state.hub.clone() })
}

/// Tells sockets of an order once its transaction has committed.
fn announce_after_commit(tx: &mut messaging::Transaction, hub: &Hub, order: crate::domain::order::Order) {
    let hub = hub.clone();
    tx.after_commit(move || hub.announce(&order));
}
