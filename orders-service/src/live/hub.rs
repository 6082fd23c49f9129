//! The sockets of this replica, and the notifications to and from other replicas.

use super::message::{Kind, LiveMessage, ReplicaNotification, SerializedUpdate};
use crate::domain::order::Order;
use contracts::ids::{OrderId, UserId};
use rabbit_outbox::fanout::{Fanout, Heard};
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use telemetry::counted::Counted;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trace::TraceContext;

/// Capacity of a socket's queue; a socket whose queue is full is disconnected.
const WAITING_MAX: usize = 256;

/// A message to a socket's task.
#[derive(Clone, Debug)]
pub(super) enum Signal {
    /// An order of the user changed. Shared between the queues of all sockets that get the same update.
    Update(Arc<SerializedUpdate>),
    /// Updates may have been missed: read the state again.
    Resync,
}

/// All sockets of this replica; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    watchers: Arc<Mutex<HashMap<UserId, Vec<Watcher>>>>,
    sockets: TaskTracker,
    fanout: Fanout,
}

struct Watcher {
    order_id: Option<OrderId>,
    signals: mpsc::Sender<Signal>,
}

/// A socket's registration with the hub. `signals` ends when the socket was too slow.
pub(super) struct Subscription {
    pub(super) signals: mpsc::Receiver<Signal>,
    _counted: Counted,
}

impl Hub {
    /// Creates an empty hub that notifies other replicas through `fanout`.
    pub fn new(fanout: Fanout) -> Self {
        Self { watchers: Arc::default(), sockets: TaskTracker::new(), fanout }
    }

    /// Pushes a committed change to the sockets of this replica and notifies the other replicas. `context` is the trace
    /// context of the change.
    pub fn announce(&self, order: &Order, context: Option<TraceContext>) {
        let message = LiveMessage::of(Kind::Update, order);
        let notification = ReplicaNotification {
            user_id: order.user_id,
            message,
            traceparent: context.map(|context| context.to_string()),
        };
        // Serialising plain strings and numbers cannot fail. Without the notification, clients still get the snapshot.
        if let Ok(bytes) = serde_json::to_vec(&notification) {
            self.fanout.tell(bytes);
        }
        self.push(notification.user_id, &notification.message, context);
    }

    /// Handles a notification from another replica.
    pub fn on_notification(&self, notification: &Heard<'_>) {
        match notification {
            Heard::Hint(bytes) => {
                if let Ok(notification) = serde_json::from_slice::<ReplicaNotification>(bytes) {
                    let context = notification.traceparent.and_then(|text| text.parse().ok());
                    self.push(notification.user_id, &notification.message, context);
                }
            }
            Heard::Subscribed => self.resync_all(),
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

    pub(super) fn subscribe(&self, user_id: UserId, order_id: Option<OrderId>) -> Subscription {
        let (sender, signals) = mpsc::channel(WAITING_MAX);
        self.with_watchers(|watchers| {
            watchers.entry(user_id).or_default().push(Watcher { order_id, signals: sender });
        });
        Subscription { signals, _counted: Counted::new(metrics::gauge!("orders_live_sockets")) }
    }

    /// Removes the user's closed sockets.
    pub(super) fn unsubscribe(&self, user_id: UserId) {
        self.with_watchers(|watchers| {
            if let Some(of_user) = watchers.get_mut(&user_id) {
                of_user.retain(|watcher| !watcher.signals.is_closed());
                if of_user.is_empty() {
                    watchers.remove(&user_id);
                }
            }
        });
    }

    fn push(&self, user_id: UserId, message: &LiveMessage, context: Option<TraceContext>) {
        self.with_watchers(|watchers| {
            let Some(of_user) = watchers.get_mut(&user_id) else { return };
            let Ok(update) = SerializedUpdate::of(message, context).map(Arc::new) else { return };
            // A full queue means that the client does not read. Dropping its sender ends the socket's task.
            of_user.retain(|watcher| {
                watcher.order_id.is_some_and(|id| id != message.order_id)
                    || watcher.signals.try_send(Signal::Update(Arc::clone(&update))).is_ok()
            });
        });
    }

    fn resync_all(&self) {
        self.with_watchers(|watchers| {
            for of_user in watchers.values_mut() {
                of_user.retain(|watcher| watcher.signals.try_send(Signal::Resync).is_ok());
            }
        });
    }

    fn with_watchers<T>(&self, action: impl FnOnce(&mut HashMap<UserId, Vec<Watcher>>) -> T) -> T {
        // A panic while the lock is held cannot leave the map in an invalid state.
        action(&mut self.watchers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
