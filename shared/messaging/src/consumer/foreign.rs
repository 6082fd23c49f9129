//! Messages of producers that do not use this crate: plain JSON, with ids of any kind or none.

use super::header_names::{MESSAGE_ID, short_text};
use lapin::BasicProperties;
use lapin::types::AMQPValue;
use sha2::{Digest, Sha256};

/// Where a foreign producer publishes, and what identifies its messages.
///
/// ```
/// use rabbit_outbox::{Foreign, ForeignId};
///
/// // Everything below `parcel.`, identified by the header `x-request-id`.
/// let parcels = Foreign::at("legacy", "parcel.#").identified_by(ForeignId::Header("x-request-id"));
/// # let _ = parcels;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
    id: ForeignId,
}

/// What identifies a message, so that a duplicate is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignId {
    /// The AMQP property `message_id`.
    MessageId,
    /// A header with a text or a number.
    Header(&'static str),
    /// The bytes: two messages with the same contents are the same.
    Contents,
}

impl Foreign {
    /// Messages of this exchange with this routing key, in which `*` stands for one word and `#` for any number of
    /// words, as in a topic exchange. They are identified by their `message_id`.
    ///
    /// # Panics
    /// If one of them is longer than AMQP's 255 bytes.
    pub fn at(exchange: &str, routing_key: &str) -> Self {
        assert!(
            exchange.len() <= 255 && routing_key.len() <= 255,
            "`{exchange}` `{routing_key}` is longer than 255 bytes"
        );
        Self { exchange: exchange.to_owned(), routing_key: routing_key.to_owned(), id: ForeignId::MessageId }
    }

    /// Identifies messages by `id` instead.
    #[must_use]
    pub fn identified_by(self, id: ForeignId) -> Self {
        Self { id, ..self }
    }

    /// Whether it covers a message with this routing key.
    pub(crate) fn covers(&self, exchange: &str, routing_key: &str) -> bool {
        let pattern: Vec<&str> = self.routing_key.split('.').collect();
        let words: Vec<&str> = routing_key.split('.').collect();
        self.exchange == exchange && matches(&pattern, &words)
    }

    /// The message's own id.
    pub(super) fn id_of(&self, body: &[u8], properties: &BasicProperties) -> Result<String, &'static str> {
        let id = match self.id {
            ForeignId::MessageId => message_id(properties),
            ForeignId::Header(name) => {
                let value = properties.headers().as_ref().and_then(|headers| headers.inner().get(name));
                value.and_then(|value| match value {
                    AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
                    AMQPValue::LongLongInt(number) => Some(number.to_string()),
                    AMQPValue::LongInt(number) => Some(number.to_string()),
                    _ => None,
                })
            }
            ForeignId::Contents => Some(format!("{:x}", Sha256::digest(body))),
        };
        let missing = match self.id {
            ForeignId::MessageId => "the property message_id is missing",
            ForeignId::Header(name) => name,
            ForeignId::Contents => "its body is empty",
        };
        id.filter(|id| !id.is_empty() && !id.contains('\0')).map(|id| id.chars().take(500).collect()).ok_or(missing)
    }
}

/// The message id that the publisher set, also of a replayed message.
fn message_id(properties: &BasicProperties) -> Option<String> {
    short_text(properties, MESSAGE_ID).or_else(|| properties.message_id().as_ref().map(|id| id.as_str().to_owned()))
}

/// Source: RabbitMQ documentation, "Topic exchange".
fn matches(pattern: &[&str], words: &[&str]) -> bool {
    match pattern.split_first() {
        None => words.is_empty(),
        Some((&"#", rest)) => (0..=words.len()).any(|skipped| matches(rest, &words[skipped..])),
        Some((first, rest)) => {
            words.split_first().is_some_and(|(word, others)| (*first == "*" || first == word) && matches(rest, others))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_key_is_covered_as_in_a_topic_exchange() {
        let covers = |pattern, key| Foreign::at("legacy", pattern).covers("legacy", key);
        assert!(covers("parcel.sent", "parcel.sent") && covers("parcel.*", "parcel.sent"));
        assert!(covers("parcel.#", "parcel") && covers("parcel.#", "parcel.a.b") && covers("#", ""));
        assert!(!covers("parcel.*", "parcel.a.b") && !covers("parcel", "parcels"));
        assert!(!Foreign::at("legacy", "#").covers("other", "x"));
    }

    #[test]
    fn a_message_without_an_id_says_what_is_missing() {
        let foreign = Foreign::at("legacy", "#");
        assert!(foreign.id_of(b"{}", &BasicProperties::default()).is_err());
        let known = BasicProperties::default().with_message_id("17".into());
        assert_eq!(foreign.id_of(b"{}", &known).as_deref(), Ok("17"));
        let contents = foreign.identified_by(ForeignId::Contents);
        assert_ne!(contents.id_of(b"{}", &known), contents.id_of(b"[]", &known));
    }
}
