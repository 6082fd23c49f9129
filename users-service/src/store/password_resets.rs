//! The table `password_resets`: tokens with which a user sets a new password.

use crate::tokens::TokenHash;
use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Lifetime of a token, in seconds.
pub const LIFETIME_SECS: u32 = 3600;

/// Adds a token, which replaces an earlier one of the user.
///
/// # Errors
/// Database errors.
pub async fn replace(connection: &mut PgConnection, user: UserId, token: &TokenHash) -> Result<(), StoreError> {
    delete_of(connection, user.get()).await?;
    sqlx::query!(
        "insert into password_resets (hash, user_id, expires_at) values ($1, $2, now() + make_interval(secs => $3))",
        token.as_slice(),
        user.get(),
        f64::from(LIFETIME_SECS),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert a password reset of user {user}"))
}

/// Deletes the token of a user, if there is one.
///
/// # Errors
/// Database errors.
pub async fn delete_of(connection: &mut PgConnection, user: i64) -> Result<(), StoreError> {
    sqlx::query!("delete from password_resets where user_id = $1", user)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("delete the password reset of user {user}"))
}

/// The user of a token, without using it.
///
/// # Errors
/// Database errors.
pub async fn user_of(pool: &PgPool, token: &TokenHash) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar!("select user_id from password_resets where hash = $1 and expires_at > now()", token.as_slice())
        .fetch_optional(pool)
        .await
        .during("find the user of a password reset")
}

/// Uses a token; `false` if it was used or replaced meanwhile, or has expired.
///
/// # Errors
/// Database errors.
pub async fn consume(connection: &mut PgConnection, token: &TokenHash) -> Result<bool, StoreError> {
    sqlx::query!("delete from password_resets where hash = $1 and expires_at > now()", token.as_slice())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0)
        .during("use a password reset")
}

/// Deletes expired tokens.
///
/// # Errors
/// Database errors.
pub async fn delete_expired(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!("delete from password_resets where expires_at < now()")
        .execute(pool)
        .await
        .map(drop)
        .during("delete expired password resets")
}
