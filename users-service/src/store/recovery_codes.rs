//! The table `recovery_codes`: codes for users without their device.

use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::PgConnection;

/// Replaces all codes of a user.
///
/// # Errors
/// Database errors.
pub async fn replace(connection: &mut PgConnection, user: UserId, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
    sqlx::query!("delete from recovery_codes where user_id = $1", user.get())
        .execute(&mut *connection)
        .await
        .during(format_args!("delete the recovery codes of user {user}"))?;
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
    sqlx::query!(
        "insert into recovery_codes (user_id, hash) select $1::bigint, unnest($2::bytea[])",
        user.get(),
        &hashes
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert recovery codes of user {user}"))
}

/// Uses a code; `false` if the user has no such code.
///
/// # Errors
/// Database errors.
pub async fn consume(connection: &mut PgConnection, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
    sqlx::query!("delete from recovery_codes where user_id = $1 and hash = $2", user.get(), hash.as_slice())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0)
        .during(format_args!("use a recovery code of user {user}"))
}

/// How many codes of a user are left.
///
/// # Errors
/// Database errors.
pub async fn count(connection: &mut PgConnection, user: UserId) -> Result<i64, StoreError> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from recovery_codes where user_id = $1"#, user.get())
        .fetch_one(connection)
        .await
        .during(format_args!("count the recovery codes of user {user}"))
}
