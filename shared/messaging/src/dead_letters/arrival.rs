//! Reading a message of `<service>.dead`: an event, or any other message that came to an inbox.

use crate::consumer::header_names::{EXCHANGE, MESSAGE_ID, ROUTING_KEY, text};
use crate::consumer::history::{self, History};
use crate::headers::{HEADERS_BYTES_MAX, Headers};
use crate::wire::LEFT_OUT;
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::{Builder, Uuid, Version};

/// Maximum length of a text column that a peer's message fills.
const CHARS_MAX: usize = 500;

/// A dead letter to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) event_id: Uuid,
    pub(super) event_type: String,
    pub(super) ordering_key: Option<String>,
    pub(super) sequence: Option<i64>,
    pub(super) correlation_id: Option<Uuid>,
    pub(super) traceparent: Option<String>,
    pub(super) occurred_at: Option<OffsetDateTime>,
    pub(super) content_type: String,
    /// Headers that a replay must carry, as JSON.
    pub(super) headers: Option<String>,
    pub(super) history: History,
}

impl Arrival {
    pub(super) fn read(delivery: &Delivery) -> Self {
        Self::of(&delivery.data, &delivery.properties)
    }

    /// Takes values from the envelope, else from the message's properties, else derives them from the bytes.
    pub(super) fn of(body: &[u8], properties: &BasicProperties) -> Self {
        let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
        let said = |name: &str| envelope[name].as_str().map(clean);
        let id = |text: Option<String>| text.and_then(|text| text.parse::<Uuid>().ok());
        let version_7 = |id: &Uuid| id.get_version() == Some(Version::SortRand);
        // From a dead letter that had none and was replayed.
        let derived = |id: &Uuid| id.get_version() == Some(Version::Custom);
        let property = |text: &Option<lapin::types::ShortString>| text.as_ref().map(|text| clean(text.as_str()));
        Self {
            event_id: id(said("id"))
                .filter(version_7)
                .or(id(property(properties.message_id())).filter(|id| version_7(id) || derived(id)))
                .unwrap_or_else(|| derived_id(body, &identity(properties))),
            event_type: said("type").or(property(properties.kind())).unwrap_or_else(|| "unknown".to_owned()),
            ordering_key: said("partitionkey"),
            sequence: said("sequence").and_then(|text| text.parse().ok()),
            correlation_id: id(said("correlationid").or(property(properties.correlation_id()))),
            traceparent: said("traceparent").or(properties
                .headers()
                .as_ref()
                .and_then(|headers| text(headers, "traceparent"))
                .map(|text| clean(&text))),
            occurred_at: said("time").and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()).filter(storable),
            content_type: property(properties.content_type()).unwrap_or_else(|| "application/octet-stream".to_owned()),
            headers: headers_of(properties),
            history: history_of(properties),
        }
    }

    /// A minimal version of it.
    pub(super) fn bare(self, body: &[u8]) -> Self {
        Self {
            event_id: derived_id(body, &[]),
            event_type: "unknown".to_owned(),
            ordering_key: None,
            sequence: None,
            correlation_id: None,
            traceparent: None,
            occurred_at: None,
            content_type: "application/octet-stream".to_owned(),
            headers: None,
            history: History { last_error: Some("its properties can't be stored".to_owned()), ..self.history },
        }
    }
}

/// Text headers that the publisher set, and where it published.
fn headers_of(properties: &BasicProperties) -> Option<String> {
    let mut kept = Headers::new();
    let mut bytes = 0;
    for (name, value) in properties.headers().iter().flatten() {
        let (name, AMQPValue::LongString(text)) = (name.as_str(), value) else { continue };
        let text = String::from_utf8_lossy(text.as_bytes());
        let wanted = history::is_publishers(name) || [EXCHANGE, ROUTING_KEY, MESSAGE_ID, LEFT_OUT].contains(&name);
        bytes += name.len() + text.len();
        if wanted && bytes <= HEADERS_BYTES_MAX {
            kept.insert(&name.replace('\0', ""), text.replace('\0', ""));
        }
    }
    kept.to_json()
}

/// The history that the consumer wrote, unless RabbitMQ itself dead-lettered the message: our copies never have
/// `x-death`.
fn history_of(properties: &BasicProperties) -> History {
    let mut history = History::read(properties);
    history.first_failed_at = history.first_failed_at.filter(storable);
    history.failed_at = history.failed_at.filter(storable);
    let Some(death) = properties.headers().as_ref().and_then(last_death) else { return history };
    let reason = format!("dead-lettered by RabbitMQ: {} in {}", death.reason, death.queue);
    history.failed(&reason, death.at.unwrap_or_else(OffsetDateTime::now_utc))
}

/// The newest entry of `x-death`.
///
/// Source: RabbitMQ documentation, "Dead Letter Exchanges", "Effects on Messages": the most recent event comes first.
fn last_death(headers: &FieldTable) -> Option<Death> {
    let Some(AMQPValue::FieldArray(deaths)) = headers.inner().get("x-death") else { return None };
    let Some(AMQPValue::FieldTable(death)) = deaths.as_slice().first() else { return None };
    let at = match death.inner().get("time") {
        Some(AMQPValue::Timestamp(secs)) => i64::try_from(*secs).ok(),
        _ => None,
    };
    Some(Death {
        reason: text(death, "reason")?,
        queue: text(death, "queue")?,
        at: at.and_then(|secs| OffsetDateTime::from_unix_timestamp(secs).ok()).filter(storable),
    })
}

struct Death {
    reason: String,
    queue: String,
    at: Option<OffsetDateTime>,
}

/// What distinguishes messages with the same contents: the id and the headers of the publisher.
fn identity(properties: &BasicProperties) -> Vec<u8> {
    let mut identity = vec![];
    if let Some(id) = properties.message_id() {
        identity.extend_from_slice(id.as_str().as_bytes());
    }
    for (name, value) in properties.headers().iter().flatten() {
        if history::is_publishers(name.as_str()) {
            identity.extend_from_slice(format!("\0{name}={value:?}").as_bytes());
        }
    }
    identity
}

/// An id derived from the message, so that a repeated delivery is the same dead letter. It is a UUID of version 8, so
/// it can't be mistaken for the id of an event.
fn derived_id(body: &[u8], identity: &[u8]) -> Uuid {
    let digest = Sha256::new().chain_update(body).chain_update(identity).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

/// Without characters that PostgreSQL can't store in a text, and cut to a limit.
fn clean(text: &str) -> String {
    text.chars().filter(|character| *character != '\0').take(CHARS_MAX).collect()
}

/// Whether PostgreSQL supports the year.
fn storable(moment: &OffsetDateTime) -> bool {
    (1900..9999).contains(&moment.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_kept_under_its_own_id_with_what_its_envelope_says() {
        let body = br#"{"specversion": "1.0", "id": "01930000-0000-7000-8000-000000000001",
            "type": "orders.OrderCreated.v1", "partitionkey": "7", "sequence": "3", "time": "2026-11-21T10:00:00Z",
            "correlationid": "01930000-0000-7000-8000-000000000002", "traceparent": "00-1-2-01"}"#;
        let arrival = Arrival::of(body, &BasicProperties::default());
        assert_eq!(arrival.event_id.to_string(), "01930000-0000-7000-8000-000000000001");
        assert_eq!((arrival.event_type.as_str(), arrival.sequence), ("orders.OrderCreated.v1", Some(3)));
        assert_eq!((arrival.ordering_key.as_deref(), arrival.traceparent.as_deref()), (Some("7"), Some("00-1-2-01")));
        assert!(arrival.occurred_at.is_some() && arrival.correlation_id.is_some());
    }

    #[test]
    fn what_is_no_event_gets_an_id_from_its_bytes() {
        let properties = BasicProperties::default().with_type("mystery".into()).with_message_id("17".into());
        let one = Arrival::of(b"not even\0JSON", &properties);
        assert_eq!(one.event_id, Arrival::of(b"not even\0JSON", &properties).event_id);
        let another = properties.clone().with_message_id("18".into());
        assert_ne!(one.event_id, Arrival::of(b"not even\0JSON", &another).event_id);
        // A failure after a replay is the same dead letter: the replay carries its id.
        let replayed = properties.clone().with_message_id(one.event_id.to_string().into());
        assert_eq!(one.event_id, Arrival::of(b"not even\0JSON", &replayed).event_id);
        assert_ne!(one.event_id, Arrival::of(b"something else", &properties).event_id);
        assert_eq!(one.event_type, "mystery");
        assert_eq!(one.event_id.get_version_num(), 8);
    }
}
