//! A user in JSON.

use crate::user::User;
use contracts::ids::UserId;
use serde::Serialize;
use time::OffsetDateTime;

/// A user, without private data.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = User)]
pub(crate) struct UserJson {
    id: UserId,
    login: String,
    /// `user` or `admin`.
    role: &'static str,
    /// Whether an administrator has blocked them.
    blocked: bool,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<User> for UserJson {
    fn from(user: User) -> Self {
        let User { id, login, role, is_blocked, created_at } = user;
        Self { id, login, role: role.as_str(), blocked: is_blocked, created_at }
    }
}
