//! What a service implements: a handler for one type of event.

use super::outcome::HandleError;
pub(crate) use super::outcome::chain;
use crate::headers::Headers;
use crate::outbox::Cause;
use crate::propagation::trace_id;
use crate::transaction::Transaction;
use rabbit_outbox_event::EventId;
use std::future::Future;
use time::OffsetDateTime;

/// Handles one type of event.
///
/// The inbox row, the effect and the new events commit together in `tx`, once. Change nothing outside the database
/// here: the handler runs again if the commit fails.
pub trait Handle<E: Send + Sync + 'static>: Send + Sync + 'static {
    /// Applies the event. Return `Ok` also for a duplicate or a late event that changes nothing.
    ///
    /// It must end within [`ConsumerOptions::handler_timeout`](crate::ConsumerOptions::handler_timeout); a panic is a
    /// failure of this event like any other.
    fn handle(
        &self,
        tx: &mut Transaction,
        event: &E,
        meta: &Meta,
    ) -> impl Future<Output = Result<(), HandleError>> + Send;

    /// A number for the row that the handler will lock. Events of one batch are handled in this order, so that two
    /// replicas lock the same rows in the same order.
    fn lock_key(&self, _event: &E) -> i64 {
        0
    }
}

/// Handles all events of one type that arrived together, with set-based statements.
///
/// It gets the events that were not handled before, in the order of arrival: at least one and at most
/// [`ConsumerOptions::batch_max`](crate::consumer::ConsumerOptions). An error rolls back the whole transaction; then
/// each event is handled alone, as a batch of one, so that only the faulty one fails. Lock rows in an order that does
/// not depend on the order of the events.
pub trait HandleBatch<E: Send + Sync + 'static>: Send + Sync + 'static {
    /// Applies the events. Append new events with `append_for` and the `meta` of their cause, which continues the
    /// causal chain and the trace.
    fn handle(
        &self,
        tx: &mut Transaction,
        events: &[Received<E>],
    ) -> impl Future<Output = Result<(), HandleError>> + Send;
}

/// An event and its envelope.
#[derive(Clone, Debug)]
pub struct Received<E> {
    /// The event.
    pub event: E,
    /// Its envelope.
    pub meta: Meta,
}

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
