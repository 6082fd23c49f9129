//! Applies a batch of payment decisions to their orders.

use crate::domain::order::Order;
use crate::live::hub::Hub;
use crate::store;
use contracts::ids::OrderId;
use rabbit_outbox::{Event, HandleError, Received, Transaction};
use tracing::info;

/// Applies the events to their orders, stores the orders that changed, and notifies the subscribed sockets after the
/// commit.
///
/// An event that changes nothing is a repeat or came late; it is skipped.
pub(super) async fn apply<E: Event>(
    tx: &mut Transaction,
    hub: &Hub,
    events: &[Received<E>],
    order_id: impl Fn(&E) -> OrderId,
    transition: impl Fn(&Order, &E) -> Option<Order>,
) -> Result<(), HandleError> {
    let ids: Vec<OrderId> = events.iter().map(|received| order_id(&received.event)).collect();
    let mut orders = store::orders::lock_all(tx, &ids).await?;
    let mut changed = Vec::with_capacity(events.len());
    let mut handlings = Vec::with_capacity(events.len());
    for (Received { event, meta }, id) in events.iter().zip(ids) {
        let Some(order) = orders.get_mut(&id) else {
            return Err(HandleError::reject(format!("there is no order {id}")));
        };
        let Some(next) = transition(order, event) else { continue };
        info!(
            order.id = %id, trace_id = meta.trace_id(), reason = next.reason, "order {id} is {}", next.status
        );
        *order = next.clone();
        changed.push(next);
        handlings.push(meta.handling.as_deref().and_then(|context| context.parse().ok()));
    }
    if changed.is_empty() {
        return Ok(());
    }
    store::orders::update_all(tx, &changed).await?;
    let hub = hub.clone();
    tx.after_commit(move || {
        for (order, handling) in changed.iter().zip(handlings) {
            hub.announce(order, handling);
        }
    });
    Ok(())
}
