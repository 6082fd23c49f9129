//! Test hooks: production code reports the step it has reached, and only tests listen.

use std::fmt;
use std::sync::Arc;

/// A step between two durable ones. A crash right after it must not lose or duplicate anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The events are inserted, the transaction is not committed.
    Staged,
    /// The transaction is committed, the relay is not woken.
    Committed,
    /// The relay has read rows and published none of them.
    RelayRead,
    /// The relay has published messages and has no confirm.
    RelayPublished,
    /// The broker has confirmed, the rows are not deleted yet.
    RelayConfirmed,
    /// The rows are deleted.
    RelayDeleted,
    /// A delivery has arrived, its transaction has not begun.
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
    /// Every step, in the order in which an event reaches them.
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

/// The listener for the steps; none by default.
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
