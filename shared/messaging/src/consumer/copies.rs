//! Copies of messages for the retry ladder and the dead letters.

use super::header_names::{BEYOND_WINDOW, EXCHANGE, MESSAGE_ID, ROUTING_KEY, short_text};
use super::history::{History, is_publishers};
use super::incoming::Arrived;
use crate::headers::HEADERS_BYTES_MAX;
use crate::wire::LEFT_OUT;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};

/// The properties of a copy of a message, with its history: an allow-list.
///
/// Other properties are dropped. The broker refuses a copy with the `user_id` of another user; one with an `expiration`
/// would expire in the queue of dead letters; `CC`, `BCC` and `reply_to` would route it elsewhere; with `x-death` and
/// related headers RabbitMQ takes a copy that passes a queue again for a dead-letter cycle and drops it; large headers
/// do not fit into a frame.
pub(crate) fn copy(original: &Arrived<'_>, history: &History) -> BasicProperties {
    /// AMQP's delivery mode for messages that survive a restart of the broker.
    const PERSISTENT: u8 = 2;
    let mut headers = FieldTable::default();
    let mut bytes = 0;
    for (name, value) in original.properties.headers().iter().flatten() {
        let size = name.as_str().len() + size_of(value).unwrap_or(usize::MAX / 2);
        if is_copied(name.as_str()) && bytes + size <= HEADERS_BYTES_MAX {
            bytes += size;
            headers.insert(name.clone(), value.clone());
        }
    }
    for (name, value) in [(EXCHANGE, &original.exchange), (ROUTING_KEY, &original.routing_key)] {
        headers.insert(name.into(), AMQPValue::LongString(value.as_bytes().into()));
    }
    history.write(&mut headers);
    let from = original.properties;
    let message_id = || from.message_id().as_ref().map(|id| id.as_str().to_owned());
    if let Some(id) = short_text(from, MESSAGE_ID).or_else(message_id) {
        headers.insert(MESSAGE_ID.into(), AMQPValue::LongString(id.into()));
    }
    let mut copy = BasicProperties::default().with_headers(headers).with_delivery_mode(PERSISTENT);
    if let Some(text) = from.content_type() {
        copy = copy.with_content_type(text.clone());
    }
    if let Some(text) = from.content_encoding() {
        copy = copy.with_content_encoding(text.clone());
    }
    if let Some(text) = from.correlation_id() {
        copy = copy.with_correlation_id(text.clone());
    }
    if let Some(text) = from.message_id() {
        copy = copy.with_message_id(text.clone());
    }
    if let Some(timestamp) = from.timestamp() {
        copy = copy.with_timestamp(*timestamp);
    }
    if let Some(text) = from.kind() {
        copy = copy.with_type(text.clone());
    }
    if let Some(text) = from.app_id() {
        copy = copy.with_app_id(text.clone());
    }
    copy
}

/// Whether a header is copied: trace ids, headers that the publisher set for the handler, and the note about dropped
/// headers.
fn is_copied(name: &str) -> bool {
    match name {
        "traceparent" | "tracestate" | "sequence" | "outbox-sequence" | BEYOND_WINDOW | LEFT_OUT => true,
        // RabbitMQ routes copies to the queues that these headers name.
        "CC" | "BCC" => false,
        other => is_publishers(other),
    }
}

/// The size of a value that is copied; `None` for tables and lists, which are not.
fn size_of(value: &AMQPValue) -> Option<usize> {
    match value {
        AMQPValue::LongString(text) => Some(text.as_bytes().len()),
        AMQPValue::Boolean(_) | AMQPValue::LongInt(_) | AMQPValue::LongLongInt(_) | AMQPValue::Double(_) => Some(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::header_names::text;
    use super::super::history::{ATTEMPTS, CLIMBED, UNKNOWN};
    use super::*;
    use time::macros::datetime;

    fn message(headers: FieldTable) -> BasicProperties {
        BasicProperties::default().with_headers(headers).with_message_id("1".into())
    }

    #[test]
    fn a_history_is_read_as_it_was_written_and_the_publishers_headers_stay() {
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongString("00-1-2-01".into()));
        headers.insert("tenant".into(), AMQPValue::LongString("7".into()));
        headers.insert("x-request-id".into(), AMQPValue::LongString("17".into()));
        let original = message(headers);
        let now = datetime!(2026-11-21 10:00:00.123456 UTC);
        let history = History::default().failed("first", now).failed("second", now);

        let copy = copy(&Arrived::of(b"{}", &original, "orders", "orders.Placed.v1"), &history);
        assert_eq!(History::read(&copy), history);
        assert_eq!((history.attempts, history.last_error.as_deref()), (2, Some("second")));
        assert_eq!(copy.message_id(), original.message_id());
        let headers = copy.headers().as_ref().unwrap();
        assert_eq!(text(headers, "traceparent").as_deref(), Some("00-1-2-01"));
        assert_eq!(text(headers, "tenant").as_deref(), Some("7"));
        assert_eq!(text(headers, "x-request-id").as_deref(), Some("17"));
        assert_eq!(text(headers, MESSAGE_ID).as_deref(), Some("1"));
        // Where it was first published is still known after it passed other exchanges.
        let again = Arrived::of(b"{}", &copy, "payments.return", "payments.inbox");
        assert_eq!((again.exchange.as_ref(), again.routing_key.as_ref()), ("orders", "orders.Placed.v1"));
    }

    #[test]
    fn a_copy_carries_nothing_that_would_stop_it_or_send_it_elsewhere() {
        let mut headers = FieldTable::default();
        for name in ["x-death", "x-first-death-queue", "x-delivery-count", "CC", "BCC", "outbox-unknown"] {
            headers.insert(name.into(), AMQPValue::LongString("other.queue".into()));
        }
        headers.insert("baggage".into(), AMQPValue::LongString("a".repeat(5_000).into()));
        headers.insert("table".into(), AMQPValue::FieldTable(FieldTable::default()));
        // Longer than the name of any exchange.
        headers.insert(EXCHANGE.into(), AMQPValue::LongString("a".repeat(5_000).into()));
        let original = message(headers)
            .with_user_id("guest".into())
            .with_expiration("1000".into())
            .with_reply_to("amq.rabbitmq.reply-to".into())
            .with_priority(3);
        let copy = copy(&Arrived::of(b"", &original, "", "q"), &History::default());
        assert_eq!(text(copy.headers().as_ref().unwrap(), EXCHANGE).as_deref(), Some(""));
        assert!(copy.user_id().is_none() && copy.expiration().is_none() && copy.reply_to().is_none());
        let names: Vec<&str> =
            copy.headers().as_ref().unwrap().inner().keys().map(lapin::types::ShortString::as_str).collect();
        let prefixed = ["outbox-attempts", "outbox-climbed", "outbox-unknown"];
        let ours = [[ATTEMPTS, CLIMBED, UNKNOWN], prefixed, [EXCHANGE, ROUTING_KEY, MESSAGE_ID]].concat();
        assert!(names.iter().all(|name| ours.contains(name)), "{names:?}");
    }
}
