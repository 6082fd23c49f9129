//! The failures of an event so far: headers that travel with it through the retry ladder to the dead letters.

use super::header_names::text;
use crate::headers::is_reserved;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The prefix of headers that this crate writes. The previous release reads only names without the prefix, so both are
/// written as long as it may run.
const PREFIX: &str = "outbox-";
pub(super) const ATTEMPTS: &str = "attempts";
pub(super) const CLIMBED: &str = "climbed";
pub(super) const UNKNOWN: &str = "unknown";
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

    pub(super) fn write(&self, headers: &mut FieldTable) {
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

    fn message(headers: FieldTable) -> BasicProperties {
        BasicProperties::default().with_headers(headers).with_message_id("1".into())
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
