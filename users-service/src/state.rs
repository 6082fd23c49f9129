//! What every request gets: the doors to the database and the broker, the keys, and the checking of passwords.

use crate::keys::Keys;
use crate::passwords::Passwords;
use rabbit_outbox::Messaging;
use sqlx::PgPool;
use std::sync::Arc;

/// Dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// Writes: transactions that can publish.
    pub messaging: Messaging,
    /// Writes that publish nothing.
    pub database: PgPool,
    /// Reads: read-only connections, to a replica if there is one.
    pub replica: PgPool,
    /// What tokens are signed with.
    pub keys: Keys,
    /// Hashing, a few at a time.
    pub passwords: Passwords,
    /// Who becomes an administrator by registering.
    pub admin_logins: Arc<[String]>,
}
