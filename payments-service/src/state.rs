//! What every request gets: the doors to the database and the broker.

use rabbit_outbox::Messaging;
use sqlx::PgPool;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Writes: transactions that can publish.
    pub messaging: Messaging,
    /// Reads: read-only connections, to a replica if there is one.
    pub replica: PgPool,
}
