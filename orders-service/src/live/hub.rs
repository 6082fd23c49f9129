//! The sockets of this replica, and the notifications to and from other replicas.

use super::message::{Kind, LiveMessage, ReplicaNotification};
use super::watched::Watched;
use crate::domain::order::Order;
use axum::response::Response;
use contracts::ids::{OrderId, UserId};
use http_api::problem::Problem;
use live_sockets::{Limits, Upgrade};
use rabbit_outbox::fanout::{Fanout, Notification};
use std::convert::Infallible;
use tokio_util::sync::CancellationToken;
use trace::TraceContext;

/// All sockets of this replica; cheap to clone.
#[derive(Clone)]
pub struct Hub {
    sockets: live_sockets::Hub<UserId, OrderId>,
    fanout: Fanout,
}

impl Hub {
    /// Creates an empty hub that notifies other replicas through `fanout`. A user may have `per_user` open sockets.
    pub fn new(fanout: Fanout, per_user: u32) -> Self {
        let limits = Limits { per_user, ..Limits::default() };
        Self { sockets: live_sockets::Hub::new(metrics::gauge!("orders_live_sockets"), limits), fanout }
    }

    /// Opens a socket.
    ///
    /// # Errors
    /// 429 if the user has too many open sockets.
    pub fn open(&self, upgrade: Upgrade, watched: Watched, stopping: CancellationToken) -> Result<Response, Problem> {
        self.sockets.open(upgrade, watched, stopping)
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
            self.fanout.notify(bytes);
        }
        self.push(notification.user_id, &notification.message, context);
    }

    /// Handles a notification from another replica.
    pub fn on_notification(&self, notification: &Notification<'_>) {
        match notification {
            Notification::Hint(bytes) => {
                if let Ok(notification) = serde_json::from_slice::<ReplicaNotification>(bytes) {
                    let context = notification.traceparent.and_then(|text| text.parse().ok());
                    self.push(notification.user_id, &notification.message, context);
                }
            }
            Notification::Subscribed => self.sockets.resync(),
        }
    }

    /// Completes when the process is stopping and every socket is closed.
    ///
    /// # Errors
    /// Never.
    pub async fn drained(self, stopping: CancellationToken) -> Result<(), Infallible> {
        self.sockets.drained(stopping).await
    }

    fn push(&self, user_id: UserId, message: &LiveMessage, context: Option<TraceContext>) {
        self.sockets.push(&user_id, message.version, || message.update(context));
    }
}
