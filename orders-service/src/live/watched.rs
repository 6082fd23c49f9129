//! What a socket watches: one order, or all orders of a user.

use super::message::{Kind, LiveMessage};
use crate::store;
use contracts::ids::{OrderId, UserId};
use live_sockets::{Close, Feed, Update};
use sqlx::PgPool;
use telemetry::chain;
use tracing::warn;

/// Number of orders in the snapshot of a socket that watches all orders of a user.
const SNAPSHOT_ORDERS: i64 = 50;

/// What a socket watches: one order, or all of the user's.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The primary database: a replica may lag behind an update that was pushed before this socket subscribed.
    pub database: PgPool,
    /// The owner of the orders.
    pub user_id: UserId,
    /// If set, only this order.
    pub order_id: Option<OrderId>,
}

impl Feed for Watched {
    type Key = UserId;
    type Item = OrderId;

    fn key(&self) -> &UserId {
        &self.user_id
    }

    fn only(&self) -> Option<&OrderId> {
        self.order_id.as_ref()
    }

    fn user_id(&self) -> Option<i64> {
        Some(self.user_id.get())
    }

    async fn snapshot(&self) -> Result<Vec<Update<OrderId>>, Close> {
        let orders = match self.order_id {
            Some(id) => {
                let found = store::orders::find(&self.database, self.user_id, id).await;
                found.map(|order| order.into_iter().collect())
            }
            None => store::orders::page(&self.database, self.user_id, None, None, SNAPSHOT_ORDERS).await,
        };
        let orders: Vec<_> = orders.map_err(|failure| {
            warn!(error = chain(&failure), "the snapshot of a socket could not be read");
            Close::TRY_AGAIN
        })?;
        // Oldest first: clients that prepend each message end up with the newest order on top.
        Ok(orders.iter().rev().filter_map(|order| LiveMessage::of(Kind::Snapshot, order).update(None)).collect())
    }
}
