//! The table `sign_in_challenges`: sign-ins whose password was right and whose second step is missing.

use crate::tokens::TokenHash;
use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Lifetime of a challenge, in seconds: long enough to find the device.
pub const LIFETIME_SECS: u32 = 300;

/// Adds a challenge.
///
/// # Errors
/// Database errors.
pub async fn insert(connection: &mut PgConnection, user: UserId, token: &TokenHash) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into sign_in_challenges (hash, user_id, expires_at) \
         values ($1, $2, now() + make_interval(secs => $3))",
        token.as_slice(),
        user.get(),
        f64::from(LIFETIME_SECS),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert a sign-in challenge of user {user}"))
}

/// The user of a challenge, without using it.
///
/// # Errors
/// Database errors.
pub async fn user_of(pool: &PgPool, token: &TokenHash) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar!(
        "select user_id from sign_in_challenges where hash = $1 and expires_at > now()",
        token.as_slice()
    )
    .fetch_optional(pool)
    .await
    .during("find the user of a sign-in challenge")
}

/// Uses a challenge; `false` if it was used or ended meanwhile, or has expired.
///
/// # Errors
/// Database errors.
pub async fn consume(connection: &mut PgConnection, token: &TokenHash) -> Result<bool, StoreError> {
    sqlx::query!("delete from sign_in_challenges where hash = $1 and expires_at > now()", token.as_slice())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0)
        .during("use a sign-in challenge")
}

/// Ends all challenges of a user.
///
/// # Errors
/// Database errors.
pub async fn delete_all(connection: &mut PgConnection, user: UserId) -> Result<(), StoreError> {
    sqlx::query!("delete from sign_in_challenges where user_id = $1", user.get())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("end the sign-in challenges of user {user}"))
}

/// Deletes expired challenges.
///
/// # Errors
/// Database errors.
pub async fn delete_expired(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!("delete from sign_in_challenges where expires_at < now()")
        .execute(pool)
        .await
        .map(drop)
        .during("delete expired sign-in challenges")
}
