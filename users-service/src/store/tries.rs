//! The table `tries`: password attempts per login.

use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Attempts allowed within [`WINDOW_SECS`].
pub const ATTEMPTS_MAX: i32 = 5;
/// The time window of the attempts, in seconds.
pub const WINDOW_SECS: i32 = 900;

/// Whether another attempt is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It is allowed.
    Allowed,
    /// It is allowed after this number of seconds.
    After(i64),
}

/// Counts an attempt before the password is verified, so that concurrent attempts are all counted.
///
/// # Errors
/// Database errors.
pub async fn count_attempt(pool: &PgPool, login: &str) -> Result<Attempt, StoreError> {
    let row = sqlx::query!(
        r#"insert into tries as t (login, count, since) values ($1, 1, now())
           on conflict (login) do update set
               count = case when t.since < now() - make_interval(secs => $2) then 1 else least(t.count + 1, 1000) end,
               since = case when t.since < now() - make_interval(secs => $2) then now() else t.since end
           returning count, ceil(extract(epoch from since + make_interval(secs => $2) - now()))::bigint as "left!""#,
        login,
        f64::from(WINDOW_SECS),
    )
    .fetch_one(pool)
    .await
    .during("count a password attempt")?;
    Ok(if row.count > ATTEMPTS_MAX { Attempt::After(row.left.max(1)) } else { Attempt::Allowed })
}

/// Clears the attempts after a correct password.
///
/// # Errors
/// Database errors.
pub async fn clear(connection: &mut PgConnection, login: &str) -> Result<(), StoreError> {
    sqlx::query!("delete from tries where login = $1", login)
        .execute(connection)
        .await
        .map(drop)
        .during("clear the password attempts of a login")
}

/// Deletes attempts outside the time window.
///
/// # Errors
/// Database errors.
pub async fn delete_old(pool: &PgPool) -> Result<u64, StoreError> {
    let deleted =
        sqlx::query!("delete from tries where since < now() - make_interval(secs => $1)", f64::from(WINDOW_SECS))
            .execute(pool)
            .await
            .during("delete old password attempts")?;
    Ok(deleted.rows_affected())
}
