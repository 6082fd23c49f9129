//! Dependencies of the request handlers: database and broker.

use rabbit_outbox::Messaging;
use sqlx::PgPool;

/// The dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// For transactions that publish events.
    pub messaging: Messaging,
    /// Reads of what the client may just have written: the primary database.
    pub database: PgPool,
    /// Reads of older pages: read-only connections, to a replica if one is configured. A replica lags behind.
    pub replica: PgPool,
}
