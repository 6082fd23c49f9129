//! The names of the headers that this crate adds to a message, and reading their texts.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

/// Marks an event that an operator replays although it is older than the inbox window.
pub(crate) const BEYOND_WINDOW: &str = "outbox-beyond-window";
/// Where a message was first published that has been through the retry ladder or the dead letters.
pub(crate) const EXCHANGE: &str = "outbox-exchange";
pub(crate) const ROUTING_KEY: &str = "outbox-routing-key";
/// The message id that the publisher set; a replay from the dead letters has another one.
pub(crate) const MESSAGE_ID: &str = "outbox-message-id";
/// The maximum length of names, keys and ids in AMQP.
const SHORT_BYTES_MAX: usize = 255;

/// A header of ours that contains a name, a key or an id. A longer value is not ours, and a copy has no room for it.
pub(crate) fn short_text(properties: &BasicProperties, name: &str) -> Option<String> {
    let text = properties.headers().as_ref().and_then(|headers| text(headers, name));
    text.filter(|text| text.len() <= SHORT_BYTES_MAX)
}

/// A header's text.
pub(crate) fn text(headers: &FieldTable, name: &str) -> Option<String> {
    match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => Some(text.to_string()),
        _ => None,
    }
}
