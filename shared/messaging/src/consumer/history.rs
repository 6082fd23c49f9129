//! The failures of an event so far: headers that travel with it through the retry ladder to the dead letters.

use super::incoming::{Arrived, EXCHANGE, MESSAGE_ID, ROUTING_KEY, short_text};
use crate::headers::{HEADERS_BYTES_MAX, is_reserved};
use crate::wire::LEFT_OUT;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The prefix of headers that this crate writes. The previous release reads only names without the prefix, so both are
/// written as long as it may run.
const PREFIX: &str = "outbox-";
const ATTEMPTS: &str = "attempts";
const CLIMBED: &str = "climbed";
const UNKNOWN: &str = "unknown";
const FIRST_FAILED_AT: &str = "first-failed-at";
const FAILED_AT: &str = "failed-at";
const LAST_ERROR: &str = "last-error";
/// Maximum length of an error, which may quote its input. It is in the headers twice, which must stay far below the
/// size of a frame.
const ERROR_BYTES_MAX: usize = 2_000;

/// The failures of one event so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// Deliveries that failed.
    pub(crate) attempts: u32,
    /// Rungs of the ladder used by failures; delays that a handler asked for use none.
    pub(crate) climbed: u32,
    /// Delays because a replica did not know its type.
    pub(crate) unknown: u32,
    /// When it failed first.
    pub(crate) first_failed_at: Option<OffsetDateTime>,
    /// When it failed last.
    pub(crate) failed_at: Option<OffsetDateTime>,
    /// Why it failed last, in readable form.
    pub(crate) last_error: Option<String>,
}

impl History {
    /// Adds a failure.
    #[must_use]
    pub(crate) fn failed(&self, error: &str, now: OffsetDateTime) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            climbed: self.climbed,
            unknown: self.unknown,
            first_failed_at: self.first_failed_at.or(Some(now)),
            failed_at: Some(now),
            last_error: Some(shortened(error).to_owned()),
        }
    }

    /// Reads the headers of a message; one that never failed has none of them.
    pub(crate) fn read(properties: &BasicProperties) -> Self {
        let Some(headers) = properties.headers() else { return Self::default() };
        Self {
            attempts: number(headers, ATTEMPTS),
            climbed: number(headers, CLIMBED),
            unknown: number(headers, UNKNOWN),
            first_failed_at: moment(headers, FIRST_FAILED_AT),
            failed_at: moment(headers, FAILED_AT),
            last_error: own_text(headers, LAST_ERROR),
        }
    }

    fn write(&self, headers: &mut FieldTable) {
        let mut insert = |name: &str, value: AMQPValue| {
            headers.insert(format!("{PREFIX}{name}").into(), value.clone());
            headers.insert(name.into(), value);
        };
        insert(ATTEMPTS, AMQPValue::LongLongInt(self.attempts.into()));
        insert(CLIMBED, AMQPValue::LongLongInt(self.climbed.into()));
        insert(UNKNOWN, AMQPValue::LongLongInt(self.unknown.into()));
        let moments = [(FIRST_FAILED_AT, self.first_failed_at), (FAILED_AT, self.failed_at)];
        for (name, moment) in moments.into_iter().filter_map(|(name, moment)| Some((name, moment?))) {
            if let Ok(written) = moment.format(&Rfc3339) {
                insert(name, AMQPValue::LongString(written.into()));
            }
        }
        if let Some(error) = &self.last_error {
            insert(LAST_ERROR, AMQPValue::LongString(error.as_str().into()));
        }
    }
}

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
        "traceparent" | "tracestate" | "sequence" | "outbox-sequence" | super::incoming::BEYOND_WINDOW | LEFT_OUT => {
            true
        }
        // RabbitMQ routes copies to the queues that these headers name.
        "CC" | "BCC" => false,
        other => is_publishers(other),
    }
}

/// Whether the publisher itself set the header. Foreign headers often begin with `x-`, for example `x-request-id`, and
/// may identify the message; so this lists the names that RabbitMQ and its plugins use.
pub(crate) fn is_publishers(name: &str) -> bool {
    const OF_RABBITMQ: [&str; 8] = [
        "x-acquired-count",
        "x-death",
        "x-delay",
        "x-delivery-count",
        "x-exception",
        "x-match",
        "x-received-from",
        "x-shovelled",
    ];
    const BEGINNINGS: [&str; 4] = ["x-first-death-", "x-last-death-", "x-opt-", "x-stream-"];
    if !name.starts_with("x-") {
        return !is_reserved(name);
    }
    !OF_RABBITMQ.contains(&name) && !BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// The size of a value that is copied; `None` for tables and lists, which are not.
fn size_of(value: &AMQPValue) -> Option<usize> {
    match value {
        AMQPValue::LongString(text) => Some(text.as_bytes().len()),
        AMQPValue::Boolean(_) | AMQPValue::LongInt(_) | AMQPValue::LongLongInt(_) | AMQPValue::Double(_) => Some(8),
        _ => None,
    }
}

/// The beginning of an error text.
fn shortened(error: &str) -> &str {
    let mut end = ERROR_BYTES_MAX.min(error.len());
    while !error.is_char_boundary(end) {
        end -= 1;
    }
    &error[..end]
}

/// A header's integer; 0 if there is none.
fn number(headers: &FieldTable, name: &str) -> u32 {
    match headers.inner().get(format!("{PREFIX}{name}").as_str()).or_else(|| headers.inner().get(name)) {
        Some(AMQPValue::LongLongInt(number)) => u32::try_from(*number).unwrap_or(0),
        Some(AMQPValue::LongInt(number)) => u32::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

/// A header's text.
pub(crate) fn text(headers: &FieldTable, name: &str) -> Option<String> {
    match headers.inner().get(name) {
        Some(AMQPValue::LongString(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// A text header that this crate wrote, in this release or the previous one.
fn own_text(headers: &FieldTable, name: &str) -> Option<String> {
    text(headers, &format!("{PREFIX}{name}")).or_else(|| text(headers, name))
}

fn moment(headers: &FieldTable, name: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&own_text(headers, name)?, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_history_that_the_previous_release_wrote_is_read() {
        let mut headers = FieldTable::default();
        headers.insert("attempts".into(), AMQPValue::LongLongInt(3));
        headers.insert("last-error".into(), AMQPValue::LongString("away".into()));
        let history = History::read(&message(headers));
        assert_eq!((history.attempts, history.last_error.as_deref()), (3, Some("away")));
    }

    #[test]
    fn a_message_that_never_failed_has_no_history() {
        assert_eq!(History::read(&BasicProperties::default()), History::default());
    }
}
