//! Cheques that other replicas changed and that this replica has not read yet.

use contracts::ids::ChequeHash;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use trace::TraceContext;

/// A change by another replica that this replica has not read yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Stale {
    /// The minimum version to read.
    pub(super) version: i64,
    /// The trace context of the last change.
    pub(super) context: Option<TraceContext>,
}

/// The cheques to read again, each once.
#[derive(Default)]
pub(super) struct StaleCheques {
    marked: Mutex<BTreeMap<ChequeHash, Stale>>,
    added: Notify,
}

impl StaleCheques {
    /// Marks cheques to be read again.
    pub(super) fn mark(&self, cheques: impl IntoIterator<Item = (ChequeHash, Stale)>) {
        let mut marked = self.lock();
        for (hash, stale) in cheques {
            let entry = marked.entry(hash).or_default();
            *entry = Stale { version: stale.version.max(entry.version), context: stale.context.or(entry.context) };
        }
        drop(marked);
        self.added.notify_one();
    }

    /// Waits for a marked cheque and removes its mark.
    pub(super) async fn next(&self) -> (ChequeHash, Stale) {
        loop {
            if let Some(next) = self.lock().pop_first() {
                return next;
            }
            // A mark that was set since then has stored a permit.
            self.added.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ChequeHash, Stale>> {
        // A panic while the lock is held cannot leave the map in an invalid state.
        self.marked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
