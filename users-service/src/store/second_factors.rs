//! The table `second_factors`: the secrets of authenticator apps, encrypted.

use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Hours until a secret is forgotten whose first code was never entered.
const SET_UP_HOURS: i32 = 1;

/// The second factor of a user.
pub struct Stored {
    /// Encrypted.
    pub secret: Vec<u8>,
    /// Whether a first code was entered; until then it is not asked for.
    pub is_on: bool,
    /// The time step of the last accepted code.
    pub last_step: i64,
}

/// The second factor of a user, locked until the transaction ends.
///
/// # Errors
/// Database errors.
pub async fn lock(connection: &mut PgConnection, user: UserId) -> Result<Option<Stored>, StoreError> {
    sqlx::query_as!(
        Stored,
        r#"select secret, confirmed_at is not null as "is_on!", last_step
           from second_factors where user_id = $1 for update"#,
        user.get(),
    )
    .fetch_optional(connection)
    .await
    .during(format_args!("lock the second factor of user {user}"))
}

/// Whether a user has a second factor that is on.
///
/// # Errors
/// Database errors.
pub async fn is_on(connection: &mut PgConnection, user: UserId) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"select exists (select from second_factors where user_id = $1 and confirmed_at is not null) as "is_on!""#,
        user.get(),
    )
    .fetch_one(connection)
    .await
    .during(format_args!("find the second factor of user {user}"))
}

/// Stores a secret that is not on yet, in place of an earlier one; `false` if one is on.
///
/// # Errors
/// Database errors.
pub async fn set_up(connection: &mut PgConnection, user: UserId, secret: &[u8]) -> Result<bool, StoreError> {
    sqlx::query!(
        "insert into second_factors as f (user_id, secret) values ($1, $2) \
         on conflict (user_id) do update set secret = excluded.secret, created_at = now(), last_step = 0 \
         where f.confirmed_at is null",
        user.get(),
        secret,
    )
    .execute(connection)
    .await
    .map(|done| done.rows_affected() > 0)
    .during(format_args!("store a second factor of user {user}"))
}

/// Turns the second factor on, if it is not.
///
/// # Errors
/// Database errors.
pub async fn turn_on(connection: &mut PgConnection, user: UserId) -> Result<(), StoreError> {
    sqlx::query!(
        "update second_factors set confirmed_at = now() where user_id = $1 and confirmed_at is null",
        user.get()
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("turn on the second factor of user {user}"))
}

/// Records that the code of a time step was accepted; `false` if it, or a later one, was accepted before.
///
/// # Errors
/// Database errors.
pub async fn accept_step(connection: &mut PgConnection, user: UserId, step: i64) -> Result<bool, StoreError> {
    sqlx::query!("update second_factors set last_step = $2 where user_id = $1 and last_step < $2", user.get(), step)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0)
        .during(format_args!("record a code of user {user}"))
}

/// Deletes the second factor of a user with its recovery codes; `false` if there is none.
///
/// # Errors
/// Database errors.
pub async fn delete(connection: &mut PgConnection, user: UserId) -> Result<bool, StoreError> {
    sqlx::query!("delete from second_factors where user_id = $1", user.get())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0)
        .during(format_args!("delete the second factor of user {user}"))
}

/// Deletes secrets whose first code was never entered.
///
/// # Errors
/// Database errors.
pub async fn delete_unconfirmed(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from second_factors where confirmed_at is null and created_at < now() - make_interval(hours => $1)",
        SET_UP_HOURS,
    )
    .execute(pool)
    .await
    .map(drop)
    .during("delete second factors that were never turned on")
}
