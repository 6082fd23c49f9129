//! Dependencies of the request handlers: database and broker.

use rabbit_outbox::Messaging;
use sqlx::PgPool;

/// The dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// For transactions that publish events.
    pub messaging: Messaging,
    /// For queries: read-only connections, to a replica if there is one.
    pub replica: PgPool,
}
