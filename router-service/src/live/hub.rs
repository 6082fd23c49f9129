//! The sockets of this replica by cheque, and the notifications to and from other replicas.

use super::message::{Kind, ReplicaNotification, update};
use super::stale::{Stale, StaleCheques};
use super::watched::{DELETED, Watched};
use crate::domain::split::Split;
use crate::store::cheques::{self, Found};
use axum::response::Response;
use contracts::ids::ChequeHash;
use http_api::problem::Problem;
use live_sockets::{Limits, Queueing, Upgrade};
use rabbit_outbox::fanout::{Fanout, Notification};
use sqlx::PgPool;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use telemetry::chain;
use tokio_util::sync::CancellationToken;
use trace::TraceContext;
use tracing::warn;

/// Delay after a failure to read a cheque for its sockets.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// All sockets of this replica; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    sockets: live_sockets::Hub<ChequeHash, ()>,
    stale: Arc<StaleCheques>,
    fanout: Fanout,
}

impl Hub {
    /// Creates an empty hub that notifies other replicas through `fanout`. A user may have `per_user` open sockets, and
    /// a cheque `per_cheque`.
    pub fn new(fanout: Fanout, per_user: u32, per_cheque: u32) -> Self {
        let limits = Limits {
            per_user,
            per_key: per_cheque,
            // Each update contains the whole state.
            queueing: Queueing::Newest,
            ..Limits::default()
        };
        let sockets = live_sockets::Hub::new(metrics::gauge!("router_live_sockets"), limits);
        Self { sockets, stale: Arc::default(), fanout }
    }

    /// Opens a socket.
    ///
    /// # Errors
    /// 429 if the user or the cheque has too many open sockets.
    pub fn open(&self, upgrade: Upgrade, watched: Watched, stopping: CancellationToken) -> Result<Response, Problem> {
        self.sockets.open(upgrade, watched, stopping)
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
        self.sockets.end(hash, DELETED);
    }

    /// Notifies the other replicas that a cheque was stored, because requests may be waiting for it there.
    pub fn announce_arrival(&self, hash: &ChequeHash) {
        self.notify_replicas(hash, 1, None);
    }

    /// Handles a notification from another replica. Returns the changed cheque, if there is one.
    pub fn on_notification(&self, notification: &Notification<'_>) -> Option<ChequeHash> {
        match notification {
            Notification::Hint(bytes) => {
                let notification: ReplicaNotification = serde_json::from_slice(bytes).ok()?;
                if self.sockets.newest_version(&notification.hash).is_some() {
                    let context = notification.traceparent.and_then(|text| text.parse().ok());
                    self.stale.mark([(notification.hash.clone(), Stale { version: notification.version, context })]);
                }
                Some(notification.hash)
            }
            Notification::Subscribed => {
                // Notifications may have been missed: read every watched cheque again, once for all its sockets.
                let again = Stale { version: i64::MAX, context: None };
                self.stale.mark(self.sockets.keys().into_iter().map(|hash| (hash, again)));
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

    /// Completes when the process is stopping and every socket is closed.
    ///
    /// # Errors
    /// Never.
    pub async fn drained(self, stopping: CancellationToken) -> Result<(), Infallible> {
        self.sockets.drained(stopping).await
    }

    async fn read_next(&self, database: &PgPool) {
        let (hash, stale) = self.stale.next().await;
        if self.sockets.newest_version(&hash).is_none_or(|newest| newest >= stale.version) {
            return;
        }
        match cheques::find(database, &hash).await {
            Ok(Some(Found::Split(split))) => self.push(&split, stale.context),
            Ok(Some(Found::Deleted)) => self.sockets.end(&hash, DELETED),
            Ok(None) => {}
            Err(failure) => {
                warn!(error = chain(&failure), "a cheque could not be read for its sockets");
                self.stale.mark([(hash, stale)]);
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
            self.fanout.notify(bytes);
        }
    }

    fn push(&self, split: &Split, context: Option<TraceContext>) {
        self.sockets.push(&split.hash, split.version, || update(Kind::Update, split, context));
    }
}
