//! What happened to an event so far: headers that travel with it through the retry ladder to the dead letters.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const ATTEMPTS: &str = "attempts";
const CLIMBED: &str = "climbed";
const FIRST_FAILED_AT: &str = "first-failed-at";
const FAILED_AT: &str = "failed-at";
const LAST_ERROR: &str = "last-error";
/// An error may quote what it stumbled over; headers must stay far below a frame.
const ERROR_CHARS_MAX: usize = 2_000;

/// The failures of one event so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// Deliveries that ended in a failure.
    pub(crate) attempts: u32,
    /// Rungs of the ladder that were used up by failures; waits that a handler asked for use up none.
    pub(crate) climbed: u32,
    /// When it failed first.
    pub(crate) first_failed_at: Option<OffsetDateTime>,
    /// When it failed last.
    pub(crate) failed_at: Option<OffsetDateTime>,
    /// Why it failed last, for people.
    pub(crate) last_error: Option<String>,
}

impl History {
    /// The history with one more failure.
    #[must_use]
    pub(crate) fn failed(&self, error: &str, now: OffsetDateTime) -> Self {
        Self {
            attempts: self.attempts.saturating_add(1),
            climbed: self.climbed,
            first_failed_at: self.first_failed_at.or(Some(now)),
            failed_at: Some(now),
            last_error: Some(error.chars().take(ERROR_CHARS_MAX).collect()),
        }
    }

    /// Reads the headers of a message; one that never failed has none of them.
    pub(crate) fn read(properties: &BasicProperties) -> Self {
        let Some(headers) = properties.headers() else { return Self::default() };
        Self {
            attempts: number(headers, ATTEMPTS),
            climbed: number(headers, CLIMBED),
            first_failed_at: moment(headers, FIRST_FAILED_AT),
            failed_at: moment(headers, FAILED_AT),
            last_error: text(headers, LAST_ERROR),
        }
    }

    /// The properties of a copy of a message, with this history.
    ///
    /// What the broker wrote about the original's way (`x-death` and its kind) stays behind: RabbitMQ would take a
    /// copy that passes a queue again for a message that goes in circles, and drop it.
    pub(crate) fn copy(&self, original: &BasicProperties) -> BasicProperties {
        /// AMQP's delivery mode of messages that survive a restart of the broker.
        const PERSISTENT: u8 = 2;
        let mut headers = FieldTable::default();
        for (name, value) in original.headers().iter().flatten() {
            if !name.as_str().starts_with("x-") {
                headers.insert(name.clone(), value.clone());
            }
        }
        headers.insert(ATTEMPTS.into(), AMQPValue::LongLongInt(self.attempts.into()));
        headers.insert(CLIMBED.into(), AMQPValue::LongLongInt(self.climbed.into()));
        let moments = [(FIRST_FAILED_AT, self.first_failed_at), (FAILED_AT, self.failed_at)];
        for (name, moment) in moments.into_iter().filter_map(|(name, moment)| Some((name, moment?))) {
            if let Ok(written) = moment.format(&Rfc3339) {
                headers.insert(name.into(), AMQPValue::LongString(written.into()));
            }
        }
        if let Some(error) = &self.last_error {
            headers.insert(LAST_ERROR.into(), AMQPValue::LongString(error.as_str().into()));
        }
        original.clone().with_headers(headers).with_delivery_mode(PERSISTENT)
    }
}

/// A header's whole number; 0 when there is none.
fn number(headers: &FieldTable, name: &str) -> u32 {
    match headers.inner().get(name) {
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

fn moment(headers: &FieldTable, name: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&text(headers, name)?, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_history_is_read_as_it_was_written_and_other_headers_stay() {
        let mut headers = FieldTable::default();
        headers.insert("traceparent".into(), AMQPValue::LongString("00-1-2-01".into()));
        headers.insert("x-death".into(), AMQPValue::LongString("the broker's own".into()));
        let original = BasicProperties::default().with_headers(headers).with_message_id("1".into());
        let now = datetime!(2026-11-21 10:00:00.123456 UTC);
        let history = History::default().failed("first", now).failed("second", now);

        let copy = history.copy(&original);
        assert_eq!(History::read(&copy), history);
        assert_eq!((history.attempts, history.last_error.as_deref()), (2, Some("second")));
        assert_eq!(copy.message_id(), original.message_id());
        let headers = copy.headers().as_ref().unwrap();
        assert_eq!(text(headers, "traceparent").as_deref(), Some("00-1-2-01"));
        assert!(!headers.contains_key("x-death"));
    }

    #[test]
    fn a_message_that_never_failed_has_no_history() {
        assert_eq!(History::read(&BasicProperties::default()), History::default());
    }
}
