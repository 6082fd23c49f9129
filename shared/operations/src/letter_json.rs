//! A dead letter as operators see it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rabbit_outbox::dead_letters::{Body, Letter};
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// An event that was given up.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetter))]
pub(crate) struct LetterJson {
    /// The event's id; of a message that is no event, an id derived from its bytes.
    event_id: Uuid,
    /// `incoming`: it could not be handled here; `outgoing`: it could not be delivered.
    direction: &'static str,
    /// `orders.OrderCreated.v1`, or what the message called itself.
    event_type: String,
    /// What the event is about.
    ordering_key: Option<String>,
    /// Why it was given up, for people.
    reason: String,
    /// Deliveries that failed, those after replays included.
    attempts: i32,
    /// The first event of the chain that led here.
    correlation_id: Option<Uuid>,
    /// Finds everything about it in all logs.
    trace_id: Option<String>,
    /// When it was appended.
    #[serde(with = "time::serde::rfc3339::option")]
    occurred_at: Option<OffsetDateTime>,
    /// When it was given up.
    #[serde(with = "time::serde::rfc3339")]
    failed_at: OffsetDateTime,
    /// `open`, `replayed` or `discarded`.
    state: &'static str,
    /// When that was decided.
    #[serde(with = "time::serde::rfc3339::option")]
    settled_at: Option<OffsetDateTime>,
}

/// A dead letter with what it says.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = OpenedDeadLetter))]
pub(crate) struct OpenedLetterJson {
    #[serde(flatten)]
    letter: LetterJson,
    /// The message, if it is JSON: as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    payload: Option<Box<RawValue>>,
    /// The message, if it is not JSON, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
    /// Its media type, as its sender named it.
    content_type: String,
    /// Where an outgoing one was to go.
    exchange: Option<String>,
    /// By which key.
    routing_key: Option<String>,
}

impl From<Letter> for LetterJson {
    fn from(letter: Letter) -> Self {
        Self {
            event_id: letter.event_id,
            direction: letter.direction.word(),
            trace_id: letter.trace_id(),
            event_type: letter.event_type,
            ordering_key: letter.ordering_key,
            reason: letter.reason,
            attempts: letter.attempts,
            correlation_id: letter.correlation_id,
            occurred_at: letter.occurred_at,
            failed_at: letter.failed_at,
            state: letter.state.word(),
            settled_at: letter.settled_at,
        }
    }
}

impl OpenedLetterJson {
    pub(crate) fn new(letter: Letter, body: Body) -> Self {
        let payload: Option<Box<RawValue>> = serde_json::from_slice(&body.payload).ok();
        let payload_base64 = payload.is_none().then(|| STANDARD.encode(&body.payload));
        let Body { content_type, exchange, routing_key, .. } = body;
        Self { letter: letter.into(), payload, payload_base64, content_type, exchange, routing_key }
    }
}
