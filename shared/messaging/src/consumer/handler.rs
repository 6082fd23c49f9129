//! What the author of a service writes: a handler for one kind of event.

use crate::transaction::Transaction;
use crate::{AppendError, outbox::Cause};
use event::Event;
use event::EventId;
use std::future::Future;
use time::OffsetDateTime;

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

/// The envelope around the event in hand.
#[derive(Clone, Debug)]
pub struct Meta {
    /// The event's id.
    pub event_id: EventId,
    /// The first event of the chain that led here.
    pub correlation_id: EventId,
    /// When it was appended.
    pub occurred_at: OffsetDateTime,
    /// W3C trace context of whoever published it.
    pub traceparent: Option<String>,
}

impl Meta {
    pub(crate) fn cause(&self) -> Cause {
        Cause { event_id: self.event_id, correlation_id: self.correlation_id }
    }
}

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// It may work later: the database is away, two transactions were in each other's way. `?` on database errors
    /// ends here.
    #[error("retry")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It can never be right: the event goes to the dead letters with this reason.
    #[error("rejected: {0}")]
    Reject(String),
}

impl HandleError {
    /// Refuses the event for ever, with the reason.
    pub fn reject(reason: impl std::fmt::Display) -> Self {
        Self::Reject(reason.to_string())
    }
}

impl From<sqlx::Error> for HandleError {
    fn from(failure: sqlx::Error) -> Self {
        Self::Retry(Box::new(failure))
    }
}

impl From<AppendError> for HandleError {
    /// What can't be appended now can't be appended later either.
    fn from(failure: AppendError) -> Self {
        Self::Reject(chain(&failure))
    }
}

/// An error with its causes in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
