//! The table `tries`: how often a password was tried for a login.

use sqlx::{PgConnection, PgPool};

/// Tries within [`WINDOW_SECS`].
pub const TRIES_MAX: i32 = 5;
/// How long a try counts, in seconds.
pub const WINDOW_SECS: i32 = 900;

/// What comes of wanting to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    /// It may be tried.
    Allowed,
    /// Not for so many seconds.
    After(i64),
}

/// Counts a try before it is made, so that many at once are many.
///
/// # Errors
/// The database's.
pub async fn begin(pool: &PgPool, login: &str) -> Result<Try, sqlx::Error> {
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
    .await?;
    Ok(if row.count > TRIES_MAX { Try::After(row.left.max(1)) } else { Try::Allowed })
}

/// The password was right: the tries are forgotten.
///
/// # Errors
/// The database's.
pub async fn forget(connection: &mut PgConnection, login: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from tries where login = $1", login).execute(connection).await.map(drop)
}

/// Forgets tries that no longer count.
///
/// # Errors
/// The database's.
pub async fn forget_old(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let deleted =
        sqlx::query!("delete from tries where since < now() - make_interval(secs => $1)", f64::from(WINDOW_SECS))
            .execute(pool)
            .await?;
    Ok(deleted.rows_affected())
}
