//! The event trait.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A fact that one service publishes to others.
///
/// The wire type is a constant, not the name of the Rust type: renaming the type must not change the wire format. A
/// change of fields that existing consumers can't read requires a new type with the next version.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Wire type and routing key, `<producer>.<Fact>.v<version>`: `orders.OrderCreated.v1`.
    const TYPE: &'static str;

    /// What happens to later events of the same key while this one can't be delivered.
    const UNDELIVERABLE: Undeliverable = Undeliverable::ParkEvent;

    /// Whether the event may have no subscribers: if no queue is bound to it, it counts as delivered.
    const ALLOW_UNROUTED: bool = false;

    /// The subject of the event. Events with the same key are published in the order in which they were committed.
    fn ordering_key(&self) -> String;
}

/// How an undeliverable event affects later events.
///
/// In either case delivery is retried for some minutes; then the event becomes a dead letter, until an operator
/// decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undeliverable {
    /// Only this event is held back: later events of its key overtake it.
    #[default]
    ParkEvent,
    /// The whole key is held back: later events of the key wait until this one is delivered or discarded. For streams
    /// whose consumers can't handle a gap. At most one event of such a key is in flight to the broker at a time.
    ParkKey,
}

/// The service that publishes events of this wire type, which is also the name of its exchange.
///
/// ```
/// assert_eq!(rabbit_outbox_event::producer("orders.OrderCreated.v1"), "orders");
/// ```
pub fn producer(wire_type: &str) -> &str {
    wire_type.split('.').next().unwrap_or(wire_type)
}
