//! What the author of a service writes: a handler for one kind of event.

use super::outcome::HandleError;
pub(crate) use super::outcome::chain;
use crate::headers::Headers;
use crate::outbox::Cause;
use crate::propagation::trace_id;
use crate::transaction::Transaction;
use rabbit_outbox_event::EventId;
use std::future::Future;
use time::OffsetDateTime;

/// Handles one kind of event.
///
/// The inbox row, the effect and the events that follow commit together in `tx`, once. Nothing outside of the
/// database may be changed here: the handler runs again when the commit fails.
pub trait Handle<E: Send + Sync + 'static>: Send + Sync + 'static {
    /// Applies the event. `Ok` also for a repeat or a late event that changes nothing.
    ///
    /// It has [`ConsumerOptions::handler_timeout`](crate::ConsumerOptions::handler_timeout); a panic is a failure of
    /// this event like any other.
    fn handle(
        &self,
        tx: &mut Transaction,
        event: &E,
        meta: &Meta,
    ) -> impl Future<Output = Result<(), HandleError>> + Send;

    /// The row that the handler will lock, as a number. Events of one batch are handled in this order, so that two
    /// replicas lock the same rows in the same order.
    fn lock_key(&self, _event: &E) -> i64 {
        0
    }
}

/// Handles all events of one kind that arrived together, with statements over sets instead of one by one.
///
/// It gets what was not handled before, in the order of arrival, at least one event and at most what
/// [`ConsumerOptions::batch_max`](crate::consumer::ConsumerOptions) says. An error rolls the whole transaction back;
/// then each event is handled again alone, as a batch of one, so that the one that is wrong can be told from its
/// neighbours. Rows must be locked in an order that does not depend on the events' own.
pub trait HandleBatch<E: Send + Sync + 'static>: Send + Sync + 'static {
    /// Applies the events. Those that follow from one of them are appended with `append_for` and its `meta`, which
    /// carries the chain and the trace on.
    fn handle(
        &self,
        tx: &mut Transaction,
        events: &[Received<E>],
    ) -> impl Future<Output = Result<(), HandleError>> + Send;
}

/// An event with the envelope it came in.
#[derive(Clone, Debug)]
pub struct Received<E> {
    /// The event.
    pub event: E,
    /// What was around it.
    pub meta: Meta,
}

/// The envelope around the event in hand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Meta {
    /// The event's id; of a foreign producer's message, an id derived from its own.
    pub event_id: EventId,
    /// The first event of the chain that led here.
    pub correlation_id: EventId,
    /// The event whose handling published this one.
    pub causation_id: Option<EventId>,
    /// The version of the thing that the event is about, after the event; 0 for a foreign producer's message.
    pub sequence: i64,
    /// What the event is about; empty for a foreign producer's message.
    pub ordering_key: String,
    /// Which delivery of the event this is, from 1. Tries of one delivery share the number.
    pub attempt: u32,
    /// When it was appended.
    pub occurred_at: OffsetDateTime,
    /// Headers that its publisher set.
    pub headers: Headers,
    /// W3C trace context of whoever appended it.
    pub traceparent: Option<String>,
    /// W3C trace context of this try to handle it: one step further on that trace.
    pub handling: Option<String>,
}

impl Meta {
    /// The id that all spans of the event's trace share, for log lines: 32 hexadecimal digits; empty without a trace.
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
