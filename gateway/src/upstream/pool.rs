//! Idle connections, one pool per worker.

use super::Upstream;
use super::connection::Connection;
use http_server::thread_per_core;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The idle connections to one service.
pub(super) struct Pool {
    /// By worker number; index 0 is for all other threads.
    by_worker: Box<[Mutex<IdleConnections>]>,
    /// Longest idle time.
    idle_max: Duration,
}

#[derive(Default)]
struct IdleConnections {
    /// The longest idle first.
    connections: Vec<(Instant, Box<Connection>)>,
    /// Whether a task removes expired ones.
    has_cleanup_task: bool,
}

impl Pool {
    /// An empty pool.
    pub(super) fn new(workers: NonZeroUsize, idle_max: Duration) -> Self {
        Self { by_worker: (0..=workers.get()).map(|_| Mutex::default()).collect(), idle_max }
    }

    /// The most recently used connection, unless it is too old.
    pub(super) fn take(&self) -> Option<Box<Connection>> {
        let (since, connection) = self.of(thread_per_core::worker_number()).connections.pop()?;
        // The others are even older; the cleanup task removes them.
        (since.elapsed() < self.idle_max).then_some(connection)
    }

    fn of(&self, worker: usize) -> MutexGuard<'_, IdleConnections> {
        // After a panic while the lock was held, the connections are still valid.
        self.by_worker[worker].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes expired connections; returns when the next one expires, if any.
    fn remove_expired(&self, worker: usize) -> Option<Instant> {
        let mut waiting = self.of(worker);
        waiting.connections.retain(|(since, _)| since.elapsed() < self.idle_max);
        let next = waiting.connections.first().map(|(since, _)| *since + self.idle_max);
        waiting.has_cleanup_task = next.is_some();
        next
    }
}

/// Returns a connection to the pool of the current worker.
pub(super) fn put_back(upstream: &Arc<Upstream>, connection: Box<Connection>) {
    // If the runtime has ended, the connection is dropped.
    let Ok(runtime) = Handle::try_current() else { return };
    let worker = thread_per_core::worker_number();
    let mut waiting = upstream.pool.of(worker);
    waiting.connections.push((Instant::now(), connection));
    if !std::mem::replace(&mut waiting.has_cleanup_task, true) {
        drop(waiting);
        runtime.spawn(clean_up(Arc::downgrade(upstream), worker, upstream.pool.idle_max));
    }
}

/// Removes expired connections until the pool is empty.
async fn clean_up(upstream: Weak<Upstream>, worker: usize, first: Duration) {
    let mut next = Instant::now() + first;
    loop {
        tokio::time::sleep_until(next).await;
        match upstream.upgrade().and_then(|upstream| upstream.pool.remove_expired(worker)) {
            Some(then) => next = then,
            None => return,
        }
    }
}
