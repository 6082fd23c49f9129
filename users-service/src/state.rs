//! Dependencies of the request handlers: database, broker, keys and password hashing.

use crate::keys::Keys;
use crate::passwords::Passwords;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;

/// The dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// For transactions that publish events.
    pub messaging: Messaging,
    /// For writes without events.
    pub database: PgPool,
    /// For queries: read-only connections, to a replica if there is one.
    pub replica: PgPool,
    /// The keys that sign tokens.
    pub keys: Keys,
    /// Password hashing.
    pub passwords: Passwords,
    /// Logins that become administrators when they register.
    pub admin_logins: Arc<[String]>,
}
