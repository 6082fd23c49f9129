//! A delivery as it arrived, and the event that it contains.

use super::foreign::Foreign;
use super::header_names::{BEYOND_WINDOW, EXCHANGE, ROUTING_KEY, short_text, text};
use super::history::History;
use super::meta::Meta;
use super::subscription::{Erased, Subscription};
use super::subscriptions::{Entry, Subscriptions};
use crate::headers::{Headers, is_reserved};
use crate::panics;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::AMQPValue;
use rabbit_outbox_event::EventId;
use rabbit_outbox_event::envelope::Envelope;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::{Builder, Uuid};

/// A message as the broker delivered it.
#[derive(Clone, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) properties: &'a BasicProperties,
    /// Where it was published first.
    pub(crate) exchange: Cow<'a, str>,
    pub(crate) routing_key: Cow<'a, str>,
    pub(crate) history: History,
}

/// The key of an event in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum InboxKey {
    /// Its id, a UUID of version 7.
    Event(Uuid),
    /// Any other key.
    Text(String),
}

/// An event that was read, for one of its handlers.
pub(crate) struct Incoming {
    pub(crate) meta: Meta,
    pub(crate) wire_type: String,
    pub(crate) event: Erased,
    pub(crate) subscription: Arc<dyn Subscription>,
    /// The wire type of the subscription: different from the event's own if that is a former version.
    pub(crate) handled_as: &'static str,
    /// The handler's name; an event may have several handlers.
    pub(crate) handler: &'static str,
    pub(crate) key: InboxKey,
    lock_key: i64,
}

/// Why a delivery can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body is not an event in a CloudEvents envelope")]
    Envelope(#[source] serde_json::Error),
    /// Another release of the service may know it.
    #[error("no handler for events of type `{0}`")]
    Unknown(String),
    #[error("the data of `{wire_type}` is not valid")]
    Data { wire_type: String, source: serde_json::Error },
    #[error("the event id {0} is not a UUID of version 7, so it can't be found in the inbox")]
    Id(Uuid),
    #[error("reading `{wire_type}` panicked: {message}")]
    Panicked { wire_type: String, message: String },
    #[error("the message of a foreign producer has no id: {0}")]
    NoForeignId(&'static str),
}

impl Unreadable {
    /// The reason without contents, for logs: the parser quotes what it did not expect, which may be a name, an amount or
    /// a key. The dead letter has the whole reason, for operators.
    pub(crate) fn without_contents(&self) -> String {
        match self {
            Self::Envelope(source) | Self::Data { source, .. } => {
                format!("{self}: see line {}, column {}", source.line(), source.column())
            }
            Self::Unknown(_) | Self::Id(_) | Self::Panicked { .. } | Self::NoForeignId(_) => self.to_string(),
        }
    }
}

impl<'a> Arrived<'a> {
    pub(crate) fn of(body: &'a [u8], properties: &'a BasicProperties, exchange: &'a str, routing_key: &'a str) -> Self {
        let header = |name| short_text(properties, name);
        Self {
            body,
            exchange: header(EXCHANGE).map_or(Cow::Borrowed(exchange), Cow::Owned),
            routing_key: header(ROUTING_KEY).map_or(Cow::Borrowed(routing_key), Cow::Owned),
            history: History::read(properties),
            properties,
        }
    }

    /// A message from a delivery.
    pub(crate) fn in_delivery(delivery: &'a Delivery) -> Self {
        Self::of(&delivery.data, &delivery.properties, delivery.exchange.as_str(), delivery.routing_key.as_str())
    }

    /// Headers that the publisher set: texts, and numbers as texts.
    fn headers(&self) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in self.properties.headers().iter().flatten() {
            let name = name.as_str();
            if is_reserved(name) {
                continue;
            }
            let text = match value {
                AMQPValue::LongString(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
                AMQPValue::LongLongInt(number) => number.to_string(),
                AMQPValue::LongInt(number) => number.to_string(),
                AMQPValue::Boolean(truth) => truth.to_string(),
                _ => continue,
            };
            headers.insert(name, text);
        }
        headers
    }

    fn is_beyond_window(&self) -> bool {
        self.properties.headers().as_ref().is_some_and(|headers| headers.contains_key(BEYOND_WINDOW))
    }

    /// Reads it for each of its handlers.
    pub(crate) fn read(&self, subscriptions: &Subscriptions) -> Result<Vec<Incoming>, Unreadable> {
        if let Some((foreign, entries)) = subscriptions.foreign(&self.exchange, &self.routing_key) {
            return self.read_foreign(foreign, entries);
        }
        let envelope: Envelope<Box<RawValue>> = serde_json::from_slice(self.body).map_err(Unreadable::Envelope)?;
        let entries = subscriptions.find(&envelope.wire_type);
        if entries.is_empty() {
            return Err(Unreadable::Unknown(envelope.wire_type));
        }
        if envelope.id.0.get_version_num() != 7 {
            return Err(Unreadable::Id(envelope.id.0));
        }
        let key = if self.is_beyond_window() {
            InboxKey::Text(envelope.id.0.to_string())
        } else {
            InboxKey::Event(envelope.id.0)
        };
        let meta = Meta {
            event_id: envelope.id,
            correlation_id: envelope.correlationid,
            causation_id: envelope.causationid,
            sequence: envelope.sequence.parse().unwrap_or(0),
            ordering_key: envelope.partitionkey,
            attempt: self.history.attempts.saturating_add(1),
            occurred_at: envelope.time,
            headers: self.headers(),
            handling: None,
            traceparent: envelope.traceparent,
        };
        let read = |entry: &Entry| incoming(entry, &envelope.data, meta.clone(), &envelope.wire_type, key.clone());
        entries.iter().map(read).collect()
    }

    fn read_foreign(&self, foreign: &Foreign, entries: &[Entry]) -> Result<Vec<Incoming>, Unreadable> {
        let id = foreign.id_of(self.body, self.properties).map_err(Unreadable::NoForeignId)?;
        // Ids of two producers may be equal.
        let key = format!("{} {} {id}", foreign.exchange, self.routing_key);
        let data: &RawValue = serde_json::from_slice(self.body).map_err(Unreadable::Envelope)?;
        let digest = Sha256::digest(key.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let event_id = EventId(Builder::from_custom_bytes(bytes).into_uuid());
        let sent_at = self.properties.timestamp().and_then(|secs| i64::try_from(secs).ok());
        let sent_at = sent_at.and_then(|secs| OffsetDateTime::from_unix_timestamp(secs).ok());
        let headers = self.properties.headers().as_ref();
        let meta = Meta {
            event_id,
            correlation_id: event_id,
            causation_id: None,
            sequence: 0,
            ordering_key: String::new(),
            attempt: self.history.attempts.saturating_add(1),
            occurred_at: sent_at.unwrap_or_else(OffsetDateTime::now_utc),
            headers: self.headers(),
            traceparent: headers.and_then(|headers| text(headers, "traceparent")),
            handling: None,
        };
        let read = |entry: &Entry| incoming(entry, data, meta.clone(), &self.routing_key, InboxKey::Text(key.clone()));
        entries.iter().map(read).collect()
    }
}

fn incoming(
    entry: &Entry,
    data: &RawValue,
    meta: Meta,
    wire_type: &str,
    key: InboxKey,
) -> Result<Incoming, Unreadable> {
    // Deserializing runs the service's own code: a panic there is a failure of this event.
    let reading = std::panic::AssertUnwindSafe(|| {
        let event = (entry.read)(data, meta.clone())?;
        let lock_key = entry.subscription.lock_key(&event);
        Ok((event, lock_key))
    });
    let (event, lock_key) = std::panic::catch_unwind(reading)
        .map_err(|panic| Unreadable::Panicked { wire_type: wire_type.to_owned(), message: panics::message(panic) })?
        .map_err(|source| Unreadable::Data { wire_type: wire_type.to_owned(), source })?;
    Ok(Incoming {
        meta,
        wire_type: wire_type.to_owned(),
        event,
        subscription: Arc::clone(&entry.subscription),
        handled_as: entry.handled_as,
        handler: entry.handler,
        key,
        lock_key,
    })
}

impl Incoming {
    /// The order within a batch: single events by their lock keys, then the sets, each together.
    pub(crate) fn rank(&self) -> (Option<(&'static str, &'static str)>, i64) {
        let set = self.subscription.takes_sets().then_some((self.handled_as, self.handler));
        (set, self.lock_key)
    }

    /// Whether one call of a handler takes both.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        self.subscription.takes_sets() && self.handled_as == other.handled_as && self.handler == other.handler
    }
}
