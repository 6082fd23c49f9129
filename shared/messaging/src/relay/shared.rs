//! The state shared by the parts of one session of the relay: the reader, the publishers, the settler.

use super::gate::Gate;
use super::options::RelayOptions;
use super::queue::Queue;
use super::row::Row;
use crate::lane;
use crate::probe::Probe;
use crate::propagation::Tracing;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Channels on which a relay publishes. Each has its own window; while one waits for confirms, the other keeps the
/// broker busy. A lane stays on one channel, which preserves its order.
pub(crate) const CHANNELS: usize = 2;

/// The part of [`super::session::IDLE_TIMEOUT`] for which a lease is valid.
const LEASE: Duration = Duration::from_secs(4);

/// The channel of a lane.
pub(crate) fn channel_of(home: i16) -> usize {
    usize::from(home.unsigned_abs()) % CHANNELS
}

/// The state shared by the parts of one session.
pub(crate) struct Shared {
    pub(crate) options: RelayOptions,
    pub(crate) probe: Probe,
    pub(crate) tracing: Arc<dyn Tracing>,
    pub(crate) gate: Mutex<Gate>,
    pub(crate) queues: [Queue; CHANNELS],
    /// A queue has room, or rows were settled.
    pub(crate) demand: Notify,
    pub(crate) lease: Lease,
    in_flight: Mutex<HashSet<(i16, i64)>>,
    /// Size of the payloads that were read and are still needed.
    bytes: AtomicUsize,
    /// Something was delivered in this session.
    progress: AtomicBool,
    /// Rows wait in the shadow of one of our lanes.
    pub(crate) rows_wait: AtomicBool,
    /// An event that held its key was delivered.
    pub(crate) holder_gone: AtomicBool,
}

impl Shared {
    pub(crate) fn new(options: RelayOptions, probe: Probe, tracing: Arc<dyn Tracing>) -> Self {
        Self {
            gate: Mutex::new(Gate::new(options.clone())),
            options,
            probe,
            tracing,
            queues: std::array::from_fn(|_| Queue::default()),
            demand: Notify::new(),
            lease: Lease::new(),
            in_flight: Mutex::default(),
            bytes: AtomicUsize::new(0),
            progress: AtomicBool::new(false),
            rows_wait: AtomicBool::new(true),
            holder_gone: AtomicBool::new(false),
        }
    }

    pub(crate) fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds rows that were read to the queues of their channels.
    pub(crate) fn dispatch(&self, rows: Vec<Row>) {
        self.in_flight().extend(rows.iter().map(|row| (row.lane, row.id)));
        self.bytes.fetch_add(rows.iter().map(|row| row.payload.len()).sum(), Ordering::Relaxed);
        let mut by_channel: [Vec<Row>; CHANNELS] = std::array::from_fn(|_| vec![]);
        for row in rows {
            by_channel[channel_of(row.home())].push(row);
        }
        for (queue, rows) in self.queues.iter().zip(by_channel) {
            queue.push(rows);
        }
    }

    /// Excludes a row from reading that is about to be deleted, although this session did not read it again.
    pub(crate) fn keep_from_reading(&self, row: &Row) {
        self.in_flight().insert((row.lane, row.id));
    }

    /// Frees the payload of a row.
    pub(crate) fn drop_payload(&self, row: &mut Row) {
        self.bytes.fetch_sub(row.payload.len(), Ordering::Relaxed);
        row.payload = vec![];
    }

    /// Bytes that may still be read; `None` until there is room for a worthwhile read.
    pub(crate) fn bytes_to_read(&self) -> Option<usize> {
        let most = self.options.read_ahead_bytes;
        let left = most.saturating_sub(self.bytes.load(Ordering::Relaxed));
        (left >= most / 4 && left > 0).then_some(left)
    }

    /// The rows are settled in the database: if they still exist, they may be read again.
    pub(crate) fn mark_settled<'a>(&self, rows: impl IntoIterator<Item = &'a Row>) {
        {
            let mut in_flight = self.in_flight();
            for row in rows {
                in_flight.remove(&(row.lane, row.id));
            }
        }
        self.demand.notify_one();
    }

    /// Ids of rows that were read and are not settled.
    pub(crate) fn ids_in_flight(&self) -> Vec<i64> {
        self.in_flight().iter().map(|(_, id)| *id).collect()
    }

    /// The number of rows of a lane, including waiting ones, that were read and are not settled.
    pub(crate) fn in_flight_of(&self, home: i16) -> usize {
        self.in_flight().iter().filter(|(lane, _)| lane::home(*lane) == home).count()
    }

    /// The number of rows that were read and are not settled.
    pub(crate) fn rows_in_flight(&self) -> usize {
        self.in_flight().len()
    }

    pub(crate) fn nothing_in_flight(&self) -> bool {
        self.in_flight().is_empty()
    }

    pub(crate) fn made_progress(&self) {
        self.progress.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_made_progress(&self) -> bool {
        self.progress.load(Ordering::Relaxed)
    }

    fn in_flight(&self) -> MutexGuard<'_, HashSet<(i16, i64)>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until when this relay certainly owns its lanes.
///
/// A process that was frozen wakes up with rows in its memory that another relay may be publishing by now. So nothing
/// is published before the session has answered again: if it lost its locks it is gone, and the rows with it.
pub(crate) struct Lease(watch::Sender<Instant>);

impl Lease {
    fn new() -> Self {
        Self(watch::Sender::new(Instant::now()))
    }

    /// The session has answered a statement that was sent at `sent`.
    pub(crate) fn renew(&self, sent: Instant) {
        self.0.send_replace(sent + LEASE);
    }

    /// Waits until the lanes are certainly ours: returns at once, except after a pause of the process or a slow
    /// statement.
    pub(crate) async fn held(&self) {
        if *self.0.borrow() > Instant::now() {
            return;
        }
        let mut renewals = self.0.subscribe();
        // The sender is in this struct, so the channel is open.
        let _ = renewals.wait_for(|until| *until > Instant::now()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_lease_is_held_only_for_as_long_as_the_server_surely_keeps_the_session() {
        let lease = Lease::new();
        assert!(lease.held().now_or_never().is_none());
        lease.renew(Instant::now());
        assert!(lease.held().now_or_never().is_some());
        lease.renew(Instant::now().checked_sub(LEASE).unwrap());
        assert!(lease.held().now_or_never().is_none());
    }
}
