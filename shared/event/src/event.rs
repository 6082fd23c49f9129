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

    /// What the event is about. Events of one key are published in the order in which they were committed.
    fn ordering_key(&self) -> String;
}

/// The service that announces events of this wire type, which is also the name of its exchange.
///
/// ```
/// assert_eq!(event::producer("orders.OrderCreated.v1"), "orders");
/// ```
pub fn producer(wire_type: &str) -> &str {
    wire_type.split('.').next().unwrap_or(wire_type)
}
