//! Dependencies of the request handlers.

use crate::live::hub::Hub;
use crate::order_batcher::OrderBatcher;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// The messaging client.
    pub messaging: Messaging,
    /// Writes: concurrent orders share a transaction.
    pub order_batcher: OrderBatcher,
    /// Reads of what the client may just have written: the primary database.
    pub database: PgPool,
    /// Reads of older pages: read-only connections, to a replica if one is configured. A replica lags behind.
    pub replica: PgPool,
    /// The live sockets.
    pub hub: Hub,
    /// Cancelled when the process should stop.
    pub stopping: CancellationToken,
}
