//! Who watches which cheque in this replica, and the way to the other replicas.

use super::message::{Hint, Kind, text};
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
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trace::TraceContext;
use tracing::warn;

/// Pause after the state of a cheque could not be read for its sockets.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// The latest that the sockets of a cheque are to be told. What a slow socket did not read is overtaken, not queued:
/// every message is the whole state.
#[derive(Clone, Debug, Default)]
pub(super) struct News {
    /// 0 when there was no change since somebody watches.
    pub(super) version: i64,
    pub(super) text: Utf8Bytes,
    /// The cheque was deleted.
    pub(super) ended: bool,
    /// The trace context of the change, as far as it is known.
    pub(super) context: Option<TraceContext>,
}

/// What another replica changed and this one has not read yet.
#[derive(Clone, Copy, Default)]
struct Stale {
    /// The version to read at least.
    version: i64,
    /// The trace context of the last change.
    context: Option<TraceContext>,
}

/// The sockets of this replica; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
    sockets: TaskTracker,
    fanout: Fanout,
}

#[derive(Default)]
struct Shared {
    rooms: Mutex<HashMap<ChequeHash, watch::Sender<News>>>,
    /// Cheques that another replica changed.
    stale: Mutex<BTreeMap<ChequeHash, Stale>>,
    stale_came: Notify,
}

impl Hub {
    /// An empty hub that tells other replicas by `fanout`.
    pub fn new(fanout: Fanout) -> Self {
        Self { shared: Arc::default(), sockets: TaskTracker::new(), fanout }
    }

    /// Pushes a committed change to the sockets of this replica, and hints it to the others; `context` is that of the
    /// change.
    pub fn announce(&self, split: &Split, context: Option<TraceContext>) {
        self.hint(&split.hash, split.version, context);
        self.push(split, context);
    }

    /// Ends the sockets of a deleted cheque, here and in the other replicas. `version` is its last one.
    pub fn announce_end(&self, hash: &ChequeHash, version: i64) {
        self.hint(hash, version, None);
        self.end(hash);
    }

    /// Tells other replicas that a cheque is here: somebody may be waiting for it there.
    pub fn announce_arrival(&self, hash: &ChequeHash) {
        self.hint(hash, 1, None);
    }

    /// Takes what another replica hinted; returns the cheque that changed, if it was one.
    pub fn hear(&self, heard: &Heard<'_>) -> Option<ChequeHash> {
        match heard {
            Heard::Hint(bytes) => {
                let hint: Hint = serde_json::from_slice(bytes).ok()?;
                if self.lock_rooms().contains_key(&hint.hash) {
                    let context = hint.traceparent.and_then(|text| text.parse().ok());
                    self.mark_stale([(hint.hash.clone(), Stale { version: hint.version, context })]);
                }
                Some(hint.hash)
            }
            Heard::Subscribed => {
                // Hints may have been missed: every cheque that is watched is read again.
                let again = Stale { version: i64::MAX, context: None };
                let watched: Vec<_> = self.lock_rooms().keys().map(|hash| (hash.clone(), again)).collect();
                self.mark_stale(watched);
                None
            }
        }
    }

    /// Reads what other replicas changed and pushes it, until `stopping`.
    ///
    /// # Errors
    /// None: a failure is logged and tried again.
    pub async fn read_stale(self, database: PgPool, stopping: CancellationToken) -> Result<(), Infallible> {
        loop {
            tokio::select! {
                () = self.read_next(&database) => {}
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    /// Runs a socket's task; the process waits for it when it stops.
    pub(crate) fn track<F: Future<Output = ()> + Send>(&self, task: F) -> impl Future<Output = ()> + Send + use<F> {
        self.sockets.track_future(task)
    }

    /// Ends when the process stops and every socket is closed.
    ///
    /// # Errors
    /// None.
    pub async fn drained(self, stopping: CancellationToken) -> Result<(), Infallible> {
        stopping.cancelled().await;
        self.sockets.close();
        self.sockets.wait().await;
        Ok(())
    }

    pub(super) fn subscribe(&self, hash: &ChequeHash) -> watch::Receiver<News> {
        let mut rooms = self.lock_rooms();
        let news = rooms.entry(hash.clone()).or_insert_with(|| watch::Sender::new(News::default())).subscribe();
        gauge(&rooms);
        news
    }

    /// Forgets the cheque when nobody watches it any more.
    pub(super) fn unsubscribe(&self, hash: &ChequeHash) {
        let mut rooms = self.lock_rooms();
        if rooms.get(hash).is_some_and(|room| room.receiver_count() == 0) {
            rooms.remove(hash);
        }
        gauge(&rooms);
    }

    async fn read_next(&self, database: &PgPool) {
        // Registered before looking: what is marked in between wakes it.
        let came = self.shared.stale_came.notified();
        let next = self.lock_stale().pop_first();
        let Some((hash, stale)) = next else { return came.await };
        let is_told = |room: &watch::Sender<News>| room.borrow().ended || room.borrow().version >= stale.version;
        if self.lock_rooms().get(&hash).is_none_or(is_told) {
            return;
        }
        match cheques::find(database, &hash).await {
            Ok(Some(Found::Split(split))) => self.push(&split, stale.context),
            Ok(Some(Found::Deleted)) => self.end(&hash),
            Ok(None) => {}
            Err(failure) => {
                warn!(error = %failure, "read a cheque for its sockets");
                self.mark_stale([(hash, stale)]);
                tokio::time::sleep(READ_AGAIN).await;
            }
        }
    }

    fn hint(&self, hash: &ChequeHash, version: i64, context: Option<TraceContext>) {
        let hint = Hint { hash: hash.clone(), version, traceparent: context.map(|context| context.to_string()) };
        // Plain strings and numbers can't fail to serialise; without a hint, clients still have the snapshot.
        if let Ok(bytes) = serde_json::to_vec(&hint) {
            self.fanout.tell(bytes);
        }
    }

    fn push(&self, split: &Split, context: Option<TraceContext>) {
        // Taken out of the map: writing the state of one cheque must not hold up the others.
        let Some(room) = self.lock_rooms().get(&split.hash).cloned() else { return };
        room.send_if_modified(|latest| {
            let newer = !latest.ended && split.version > latest.version;
            if newer {
                *latest = News { version: split.version, text: text(Kind::Update, split), ended: false, context };
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
            let wanted = marked.entry(hash).or_default();
            *wanted = Stale { version: stale.version.max(wanted.version), context: stale.context.or(wanted.context) };
        }
        drop(marked);
        self.shared.stale_came.notify_one();
    }

    fn lock_rooms(&self) -> MutexGuard<'_, HashMap<ChequeHash, watch::Sender<News>>> {
        // A panic while holding the lock leaves a map that is still a map.
        self.shared.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_stale(&self) -> MutexGuard<'_, BTreeMap<ChequeHash, Stale>> {
        self.shared.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gauge(rooms: &HashMap<ChequeHash, watch::Sender<News>>) {
    let sockets: usize = rooms.values().map(watch::Sender::receiver_count).sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of sockets")]
    metrics::gauge!("router_live_sockets").set(sockets as f64);
}
