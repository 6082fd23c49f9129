//! A dead letter in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rabbit_outbox::dead_letters::{Body, DeadLetter};
use serde::Serialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// An event that could not be handled or delivered.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetter))]
pub(crate) struct DeadLetterJson {
    /// The event's id; if the message is not an event, an id derived from its bytes.
    event_id: Uuid,
    /// `incoming`: this service could not handle it; `outgoing`: it could not be delivered to the broker.
    direction: &'static str,
    /// `orders.OrderCreated.v1`, or the type given by the message.
    event_type: String,
    /// The subject of the event.
    ordering_key: Option<String>,
    /// The error, as text for operators.
    reason: String,
    /// Failed deliveries, including those after replays.
    attempts: i32,
    /// The first event of the causal chain.
    correlation_id: Option<Uuid>,
    /// Identifies all related log lines.
    trace_id: Option<String>,
    /// When it was appended to the outbox.
    #[serde(with = "time::serde::rfc3339::option")]
    occurred_at: Option<OffsetDateTime>,
    /// When it became a dead letter.
    #[serde(with = "time::serde::rfc3339")]
    failed_at: OffsetDateTime,
    /// `open`, `replayed` or `discarded`.
    state: &'static str,
    /// When it was replayed or discarded.
    #[serde(with = "time::serde::rfc3339::option")]
    settled_at: Option<OffsetDateTime>,
}

/// A dead letter with its message.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = OpenedDeadLetter))]
pub(crate) struct DeadLetterDetailsJson {
    #[serde(flatten)]
    letter: DeadLetterJson,
    /// The message as it was written, if it is JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    payload: Option<Box<RawValue>>,
    /// The message in Base64, if it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
    /// The media type given by the sender.
    content_type: String,
    /// The exchange, for outgoing letters.
    exchange: Option<String>,
    /// The routing key, for outgoing letters.
    routing_key: Option<String>,
}

impl From<DeadLetter> for DeadLetterJson {
    fn from(letter: DeadLetter) -> Self {
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

impl DeadLetterDetailsJson {
    pub(crate) fn new(letter: DeadLetter, body: Body) -> Self {
        let payload: Option<Box<RawValue>> = serde_json::from_slice(&body.payload).ok();
        let payload_base64 = payload.is_none().then(|| STANDARD.encode(&body.payload));
        let Body { content_type, exchange, routing_key, .. } = body;
        Self { letter: letter.into(), payload, payload_base64, content_type, exchange, routing_key }
    }
}
