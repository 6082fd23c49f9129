//! What the author of a service writes: a handler for one kind of event.

use super::outcome::HandleError;
pub(crate) use super::outcome::chain;
use crate::outbox::Cause;
use crate::transaction::Transaction;
use rabbit_outbox_event::Event;
use rabbit_outbox_event::EventId;
use std::future::Future;
use time::OffsetDateTime;
use trace::TraceContext;

/// Handles one kind of event.
///
/// The inbox row, the effect and the events that follow commit together in `tx`, once. Nothing outside of the
/// database may be changed here: the handler runs again when the commit fails.
pub trait Handle<E: Event>: Send + Sync + 'static {
    /// Applies the event. `Ok` also for a repeat or a late event that changes nothing.
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
pub trait HandleBatch<E: Event>: Send + Sync + 'static {
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
pub struct Meta {
    /// The event's id.
    pub event_id: EventId,
    /// The first event of the chain that led here.
    pub correlation_id: EventId,
    /// When it was appended.
    pub occurred_at: OffsetDateTime,
    /// W3C trace context of whoever appended it.
    pub traceparent: Option<String>,
    /// The trace context of this try to handle it: one step further on that trace.
    pub handling: TraceContext,
}

impl Meta {
    /// The id that all spans of the event's trace share, for log lines: 32 hexadecimal digits; empty without a trace.
    pub fn trace_id(&self) -> &str {
        self.traceparent.as_deref().and_then(|traceparent| traceparent.split('-').nth(1)).unwrap_or_default()
    }

    pub(crate) fn cause(&self) -> Cause {
        Cause { event_id: self.event_id, correlation_id: self.correlation_id }
    }
}
