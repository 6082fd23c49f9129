//! What every request gets: the doors to the database, the broker and the sockets.

use crate::live::hub::Hub;
use crate::placing::Placing;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// What operators see and settle.
    pub messaging: Messaging,
    /// Writes: orders that arrive together share a transaction.
    pub placing: Placing,
    /// Reads: read-only connections, to a replica if there is one.
    pub replica: PgPool,
    /// Live sockets.
    pub hub: Hub,
    /// Cancelled when the process is to stop.
    pub stopping: CancellationToken,
}
