//! Connections that wait for their next request, apart for each worker.

use super::Upstream;
use super::connection::Connection;
use chassis::workers;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The connections to one service that nobody uses.
pub(super) struct Kept {
    /// By the number of the worker; the first is of all other threads.
    by_worker: Box<[Mutex<Waiting>]>,
    /// How long one waits at most.
    idle_max: Duration,
}

#[derive(Default)]
struct Waiting {
    /// The longest first.
    connections: Vec<(Instant, Box<Connection>)>,
    /// Whether a task looks after them.
    is_swept: bool,
}

impl Kept {
    /// None yet.
    pub(super) fn new(workers: NonZeroUsize, idle_max: Duration) -> Self {
        Self { by_worker: (0..=workers.get()).map(|_| Mutex::default()).collect(), idle_max }
    }

    /// The one that was used last, if there is one that is not too old.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        let (since, connection) = self.of(workers::number()).connections.pop()?;
        // The others are older still; the sweeper drops them.
        (since.elapsed() < self.idle_max).then_some(connection)
    }

    fn of(&self, worker: usize) -> MutexGuard<'_, Waiting> {
        // A panic while holding the lock leaves connections that are still connections.
        self.by_worker[worker].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what is too old; returns when the next will be, if there is one.
    fn sweep(&self, worker: usize) -> Option<Instant> {
        let mut waiting = self.of(worker);
        waiting.connections.retain(|(since, _)| since.elapsed() < self.idle_max);
        let next = waiting.connections.first().map(|(since, _)| *since + self.idle_max);
        waiting.is_swept = next.is_some();
        next
    }
}

/// Keeps a connection for the next request of this worker.
pub(super) fn keep(upstream: &Arc<Upstream>, connection: Box<Connection>) {
    // A runtime that ends takes its connections with it.
    let Ok(runtime) = Handle::try_current() else { return };
    let worker = workers::number();
    let mut waiting = upstream.kept.of(worker);
    waiting.connections.push((Instant::now(), connection));
    if !std::mem::replace(&mut waiting.is_swept, true) {
        drop(waiting);
        runtime.spawn(sweep(Arc::downgrade(upstream), worker, upstream.kept.idle_max));
    }
}

/// Sweeps until nothing is left.
async fn sweep(upstream: Weak<Upstream>, worker: usize, first: Duration) {
    let mut next = Instant::now() + first;
    loop {
        tokio::time::sleep_until(next).await;
        match upstream.upgrade().and_then(|upstream| upstream.kept.sweep(worker)) {
            Some(then) => next = then,
            None => return,
        }
    }
}
