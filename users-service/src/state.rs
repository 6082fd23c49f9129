//! Dependencies of the request handlers: database, broker, keys and password hashing.

use crate::audit::Refusals;
use crate::factor_key::FactorKey;
use crate::keys::Keys;
use crate::lifetimes::Lifetimes;
use crate::passwords::Passwords;
use rabbit_outbox::Messaging;
use sqlx::PgPool;

/// The dependencies of the handlers; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// For transactions that publish events.
    pub messaging: Messaging,
    /// For reads, and for writes without events. Not a read replica: it may lag behind a new password or a block.
    pub database: PgPool,
    /// The keys that sign tokens.
    pub keys: Keys,
    /// The key that encrypts the secrets of second factors.
    pub factor_key: FactorKey,
    /// Password hashing.
    pub passwords: Passwords,
    /// Whether demo users may sign in.
    pub demo_users: bool,
    /// What failed or was refused, for the audit trail.
    pub refusals: Refusals,
    /// How long sessions last.
    pub lifetimes: Lifetimes,
}
