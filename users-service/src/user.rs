//! A user without private data.

use contracts::ids::UserId;
use identity::Role;
use time::OffsetDateTime;

/// A user without their password.
#[derive(Clone, Debug)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name that they sign in with.
    pub login: String,
    /// The role.
    pub role: Role,
    /// Whether an administrator has blocked them.
    pub is_blocked: bool,
    /// The time of registration.
    pub created_at: OffsetDateTime,
}
