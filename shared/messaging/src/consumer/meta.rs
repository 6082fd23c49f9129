//! The envelope of an event, as a handler gets it.

use crate::headers::Headers;
use crate::outbox::Cause;
use crate::propagation::trace_id;
use rabbit_outbox_event::EventId;
use time::OffsetDateTime;

/// The envelope of an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Meta {
    /// The event's id; for a foreign producer's message, an id derived from its own.
    pub event_id: EventId,
    /// The first event of the causal chain.
    pub correlation_id: EventId,
    /// The event whose handler published this one.
    pub causation_id: Option<EventId>,
    /// The version of the aggregate after the event; 0 for a foreign producer's message.
    pub sequence: i64,
    /// The ordering key; empty for a foreign producer's message.
    pub ordering_key: String,
    /// The number of this delivery, from 1. Immediate attempts of one delivery share the number.
    pub attempt: u32,
    /// When the event was appended.
    pub occurred_at: OffsetDateTime,
    /// Headers that the publisher set.
    pub headers: Headers,
    /// W3C trace context of the code that appended it.
    pub traceparent: Option<String>,
    /// W3C trace context of this attempt to handle it: a child of `traceparent`.
    pub handling: Option<String>,
}

impl Meta {
    /// The trace id of the event, for logs: 32 hexadecimal digits; empty without a trace.
    pub fn trace_id(&self) -> &str {
        self.traceparent.as_deref().and_then(trace_id).unwrap_or_default()
    }

    pub(crate) fn cause(&self) -> Cause {
        Cause {
            event_id: self.event_id,
            correlation_id: self.correlation_id,
            traceparent: self.handling.clone().or_else(|| self.traceparent.clone()),
        }
    }
}
