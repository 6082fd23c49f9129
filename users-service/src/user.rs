//! A user, as everybody may know them.

use chassis::passage::Role;
use contracts::ids::UserId;
use time::OffsetDateTime;

/// A user without their password.
#[derive(Clone, Debug)]
pub struct User {
    /// Their number.
    pub id: UserId,
    /// What they sign in with.
    pub login: String,
    /// What they may do.
    pub role: Role,
    /// Whether an administrator keeps them out.
    pub is_blocked: bool,
    /// When they registered.
    pub created_at: OffsetDateTime,
}
