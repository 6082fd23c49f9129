//! Test signals: production code says which step it has reached, and nobody listens unless a test does.

use std::fmt;
use std::sync::Arc;

/// A step between two durable ones; a crash right after it must lose and double nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Events are inserted, the transaction is not committed.
    Staged,
    /// The transaction is committed, the relay is not woken.
    Committed,
    /// The relay has read rows and published nothing of them.
    RelayRead,
    /// The relay has handed messages to the broker and has no confirm.
    RelayPublished,
    /// The broker has confirmed, the rows are still there.
    RelayConfirmed,
    /// The rows are deleted.
    RelayDeleted,
    /// A delivery has arrived, its transaction is not begun.
    InboxReceived,
    /// The inbox row is inserted, the handler has not run.
    InboxRecorded,
    /// The handler has run, the transaction is not committed.
    InboxHandled,
    /// The effect is committed, the delivery is not acknowledged.
    InboxCommitted,
    /// The delivery is acknowledged.
    InboxAcked,
}

impl Step {
    /// Every step, in the order of an event's way.
    #[cfg(feature = "testing")]
    pub const ALL: [Self; 11] = [
        Self::Staged,
        Self::Committed,
        Self::RelayRead,
        Self::RelayPublished,
        Self::RelayConfirmed,
        Self::RelayDeleted,
        Self::InboxReceived,
        Self::InboxRecorded,
        Self::InboxHandled,
        Self::InboxCommitted,
        Self::InboxAcked,
    ];
}

/// Who hears of the steps; nobody by default.
#[derive(Clone, Default)]
pub struct Probe(Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl Probe {
    /// Calls `listener` at every step.
    #[cfg(feature = "testing")]
    pub fn new(listener: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn reached(&self, step: Step) {
        if let Some(listener) = &self.0 {
            listener(step);
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Probe(listening)" } else { "Probe(silent)" })
    }
}
