//! The sockets of this replica by cheque, and the notifications to and from other replicas.

use super::message::{Kind, ReplicaNotification, text};
use crate::domain::split::Split;
use crate::store::cheques::{self, Found};
use axum::extract::ws::Utf8Bytes;
use contracts::ids::ChequeHash;
use rabbit_outbox::fanout::{Fanout, Heard};
use sqlx::PgPool;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telemetry::counted::Counted;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trace::TraceContext;
use tracing::warn;

/// Delay after a failure to read a cheque for its sockets.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The latest update for the sockets of a cheque. Updates are not queued: each one contains the whole state, so a slow
/// socket skips older ones.
#[derive(Clone, Debug, Default)]
pub(super) struct LatestUpdate {
    /// 0 if there was no change since the first socket subscribed.
    pub(super) version: i64,
    pub(super) text: Utf8Bytes,
    /// The cheque was deleted.
    pub(super) ended: bool,
    /// The trace context of the change, if known.
    pub(super) context: Option<TraceContext>,
}

/// A socket's registration with the hub.
pub(super) struct Subscription {
    pub(super) updates: watch::Receiver<LatestUpdate>,
    _counted: Counted,
}

/// A change by another replica that this replica has not read yet.
#[derive(Clone, Copy, Default)]
struct Stale {
    /// The minimum version to read.
    version: i64,
    /// The trace context of the last change.
    context: Option<TraceContext>,
}

/// All sockets of this replica; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
    sockets: TaskTracker,
    fanout: Fanout,
}

#[derive(Default)]
struct Shared {
    rooms: Mutex<HashMap<ChequeHash, watch::Sender<LatestUpdate>>>,
    /// Cheques changed by other replicas.
    stale: Mutex<BTreeMap<ChequeHash, Stale>>,
    stale_added: Notify,
}

impl Hub {
    /// Creates an empty hub that notifies other replicas through `fanout`.
    pub fn new(fanout: Fanout) -> Self {
        Self { shared: Arc::default(), sockets: TaskTracker::new(), fanout }
    }

    /// Pushes a committed change to the sockets of this replica and notifies the other replicas. `context` is the trace
    /// context of the change.
    pub fn announce(&self, split: &Split, context: Option<TraceContext>) {
        self.notify_replicas(&split.hash, split.version, context);
        self.push(split, context);
    }

    /// Closes the sockets of a deleted cheque, here and in the other replicas. `version` is its last version.
    pub fn announce_end(&self, hash: &ChequeHash, version: i64) {
        self.notify_replicas(hash, version, None);
        self.end(hash);
    }

    /// Notifies the other replicas that a cheque was stored, because requests may be waiting for it there.
    pub fn announce_arrival(&self, hash: &ChequeHash) {
        self.notify_replicas(hash, 1, None);
    }

    /// Handles a notification from another replica. Returns the changed cheque, if there is one.
    pub fn on_notification(&self, notification: &Heard<'_>) -> Option<ChequeHash> {
        match notification {
            Heard::Hint(bytes) => {
                let notification: ReplicaNotification = serde_json::from_slice(bytes).ok()?;
                if self.lock_rooms().contains_key(&notification.hash) {
                    let context = notification.traceparent.and_then(|text| text.parse().ok());
                    self.mark_stale([(notification.hash.clone(), Stale { version: notification.version, context })]);
                }
                Some(notification.hash)
            }
            Heard::Subscribed => {
                // Notifications may have been missed: read every subscribed cheque again.
                let again = Stale { version: i64::MAX, context: None };
                let watched: Vec<_> = self.lock_rooms().keys().map(|hash| (hash.clone(), again)).collect();
                self.mark_stale(watched);
                None
            }
        }
    }

    /// Reads and pushes changes by other replicas until `stopping` is cancelled.
    ///
    /// # Errors
    /// Never: a failure is logged and retried.
    pub async fn read_stale(self, database: PgPool, stopping: CancellationToken) -> Result<(), Infallible> {
        loop {
            tokio::select! {
                () = self.read_next(&database) => {}
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    /// Tracks a socket's task; on shutdown the process waits for it.
    pub(crate) fn track<F: Future<Output = ()> + Send>(&self, task: F) -> impl Future<Output = ()> + Send + use<F> {
        self.sockets.track_future(task)
    }

    /// Completes when the process is stopping and every socket is closed.
    ///
    /// # Errors
    /// Never.
    pub async fn drained(self, stopping: CancellationToken) -> Result<(), Infallible> {
        stopping.cancelled().await;
        self.sockets.close();
        self.sockets.wait().await;
        Ok(())
    }

    pub(super) fn subscribe(&self, hash: &ChequeHash) -> Subscription {
        let mut rooms = self.lock_rooms();
        let room = rooms.entry(hash.clone()).or_insert_with(|| watch::Sender::new(LatestUpdate::default()));
        Subscription { updates: room.subscribe(), _counted: Counted::new(metrics::gauge!("router_live_sockets")) }
    }

    /// Removes the cheque if no socket is subscribed to it any more.
    pub(super) fn unsubscribe(&self, hash: &ChequeHash) {
        let mut rooms = self.lock_rooms();
        if rooms.get(hash).is_some_and(|room| room.receiver_count() == 0) {
            rooms.remove(hash);
        }
    }

    async fn read_next(&self, database: &PgPool) {
        // Register before checking: a mark set between the two still wakes this task.
        let added = self.shared.stale_added.notified();
        let next = self.lock_stale().pop_first();
        let Some((hash, stale)) = next else { return added.await };
        let is_current =
            |room: &watch::Sender<LatestUpdate>| room.borrow().ended || room.borrow().version >= stale.version;
        if self.lock_rooms().get(&hash).is_none_or(is_current) {
            return;
        }
        match cheques::find(database, &hash).await {
            Ok(Some(Found::Split(split))) => self.push(&split, stale.context),
            Ok(Some(Found::Deleted)) => self.end(&hash),
            Ok(None) => {}
            Err(failure) => {
                warn!(error = %failure, "read a cheque for its sockets");
                self.mark_stale([(hash, stale)]);
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }

    fn notify_replicas(&self, hash: &ChequeHash, version: i64, context: Option<TraceContext>) {
        let notification = ReplicaNotification {
            hash: hash.clone(),
            version,
            traceparent: context.map(|context| context.to_string()),
        };
        // Serialising plain strings and numbers cannot fail. Without the notification, clients still get the snapshot.
        if let Ok(bytes) = serde_json::to_vec(&notification) {
            self.fanout.tell(bytes);
        }
    }

    fn push(&self, split: &Split, context: Option<TraceContext>) {
        // Cloned out of the map, so that serialising one cheque does not block the others.
        let Some(room) = self.lock_rooms().get(&split.hash).cloned() else { return };
        room.send_if_modified(|latest| {
            let newer = !latest.ended && split.version > latest.version;
            if newer {
                *latest =
                    LatestUpdate { version: split.version, text: text(Kind::Update, split), ended: false, context };
            }
            newer
        });
    }

    fn end(&self, hash: &ChequeHash) {
        if let Some(room) = self.lock_rooms().get(hash) {
            room.send_modify(|latest| latest.ended = true);
        }
    }

    fn mark_stale(&self, cheques: impl IntoIterator<Item = (ChequeHash, Stale)>) {
        let mut marked = self.lock_stale();
        for (hash, stale) in cheques {
            let stale_entry = marked.entry(hash).or_default();
            *stale_entry = Stale {
                version: stale.version.max(stale_entry.version),
                context: stale.context.or(stale_entry.context),
            };
        }
        drop(marked);
        self.shared.stale_added.notify_one();
    }

    fn lock_rooms(&self) -> MutexGuard<'_, HashMap<ChequeHash, watch::Sender<LatestUpdate>>> {
        // A panic while the lock is held cannot leave the map in an invalid state.
        self.shared.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_stale(&self) -> MutexGuard<'_, BTreeMap<ChequeHash, Stale>> {
        self.shared.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
