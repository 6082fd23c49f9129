//! What every request gets: the doors to the database, the broker, the cache and the sockets.

use crate::arrival::arrivals::Arrivals;
use crate::live::hub::Hub;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Writes: transactions that can publish.
    pub messaging: Messaging,
    /// Reads that must see what was just written.
    pub database: PgPool,
    /// Other reads: read-only connections, to a replica if there is one.
    pub replica: PgPool,
    /// Cheques that are not here yet.
    pub arrivals: Arrivals,
    /// Live sockets.
    pub hub: Hub,
    /// `http://localhost:8090`, without a slash at the end.
    pub share_base_url: Arc<str>,
    /// Cancelled when the process is to stop.
    pub stopping: CancellationToken,
}
