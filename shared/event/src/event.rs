//! What makes a type an event.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A fact that one service tells the others.
///
/// The wire type is a constant and never the name of the Rust type: a rename must not change what is on the wire.
/// A change of fields that old readers can't bear is a new type with the next version.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Wire type and routing key at once, `<producer>.<Fact>.v<version>`: `orders.OrderCreated.v1`.
    const TYPE: &'static str;

    /// What becomes of the later events of a key while this one can't be delivered.
    const UNDELIVERABLE: Undeliverable = Undeliverable::ParkEvent;

    /// Whether it is all right that nobody listens: an event that no queue wants then counts as delivered.
    const ALLOW_UNROUTED: bool = false;

    /// What the event is about. Events of one key are published in the order in which they were committed.
    fn ordering_key(&self) -> String;
}

/// How an event that can't be delivered stands in the way of others.
///
/// In either case it is tried again for some minutes and then parked among the dead letters, for a person to decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undeliverable {
    /// It waits alone: later events of its key overtake it.
    #[default]
    ParkEvent,
    /// Its key waits with it: later events of the key are held until it is delivered or discarded. For streams whose
    /// readers can't bear a gap. At most one event of such a key is on its way to the broker at a time.
    ParkKey,
}

/// The service that announces events of this wire type, which is also the name of its exchange.
///
/// ```
/// assert_eq!(rabbit_outbox_event::producer("orders.OrderCreated.v1"), "orders");
/// ```
pub fn producer(wire_type: &str) -> &str {
    wire_type.split('.').next().unwrap_or(wire_type)
}
