//! The table `tries`: password attempts per login, and per login and address for addresses from which the user has signed
//! in. So a stranger who knows the login can't keep the user out of the places that they use. Attempts at the codes of a
//! second step have counters of their own, by the same rule.

use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Attempts that need not wait. From then on each waits twice as long as the one before.
const FREE_ATTEMPTS: i32 = 5;
/// The first wait, in seconds.
const FIRST_WAIT_SECS: i32 = 30;
/// The longest wait, in seconds: at most 96 attempts a day.
const WAIT_SECS_MAX: i32 = 900;
/// How many times the first wait is doubled before it is longer than the longest.
const DOUBLINGS_MAX: i32 = 5;
/// Seconds after the last attempt until attempts are forgotten.
const FORGOTTEN_AFTER_SECS: i32 = 86_400;

/// Whether another attempt is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It is allowed.
    Allowed,
    /// It is allowed after this number of seconds.
    After(i64),
}

/// Whose attempts are counted together: those for a login from anywhere, or from an address from which its user has signed
/// in before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter(String);

impl Counter {
    /// The counter of attempts at the second step, which a right password does not clear.
    #[must_use]
    pub fn of_codes(self) -> Self {
        Self(format!("{} code", self.0))
    }
}

/// The counter of an attempt to sign in with `login` from `address`. Unknown logins are counted too, after the same
/// query, so that they can't be distinguished from others.
///
/// # Errors
/// Database errors.
pub async fn counter(pool: &PgPool, login: &str, address: Option<String>) -> Result<Counter, StoreError> {
    let is_known = sqlx::query_scalar!(
        r#"select exists (
               select from families f join users u on u.id = f.user_id where u.login = $1 and f.address = $2
           ) as "is_known!""#,
        login,
        address,
    )
    .fetch_one(pool)
    .await
    .during("find out whether an address is known")?;
    // No login contains a space.
    Ok(Counter(match address {
        Some(address) if is_known => format!("{login} {address}"),
        _ => login.to_owned(),
    }))
}

/// Counts an attempt before the password is verified, so that concurrent attempts are all counted. One that must wait is
/// not counted, so the wait does not grow by trying.
///
/// # Errors
/// Database errors.
pub async fn count_attempt(pool: &PgPool, counter: &Counter) -> Result<Attempt, StoreError> {
    let Counter(key) = counter;
    // The condition is checked on the locked row, also when another attempt has inserted it meanwhile.
    let done = sqlx::query!(
        r#"insert into tries as t (login, count, since) values ($1, 1, now())
           on conflict (login) do update set
               count = case when t.since < now() - make_interval(secs => $2) then 1 else least(t.count + 1, 1000) end,
               since = now()
           where t.since < now() - make_interval(secs => $2) or t.count < $3
               or t.since + make_interval(secs => least($4::float8 * 2 ^ least(t.count - $3, $5::int), $6::float8)) <= now()"#,
        key,
        f64::from(FORGOTTEN_AFTER_SECS),
        FREE_ATTEMPTS,
        f64::from(FIRST_WAIT_SECS),
        DOUBLINGS_MAX,
        f64::from(WAIT_SECS_MAX),
    )
    .execute(pool)
    .await
    .during("count a password attempt")?;
    if done.rows_affected() > 0 { Ok(Attempt::Allowed) } else { Ok(Attempt::After(wait(pool, counter).await?)) }
}

/// Seconds until the next attempt, at least one.
async fn wait(pool: &PgPool, Counter(key): &Counter) -> Result<i64, StoreError> {
    let seconds = sqlx::query_scalar!(
        r#"select ceil(
               least($3::int * 2 ^ least(count - $2::int, $4::int), $5::int) - extract(epoch from now() - since)
           )::bigint as "wait!"
           from tries where login = $1"#,
        key,
        FREE_ATTEMPTS,
        FIRST_WAIT_SECS,
        DOUBLINGS_MAX,
        WAIT_SECS_MAX,
    )
    .fetch_optional(pool)
    .await
    .during("read when the next password attempt is allowed")?;
    // None if a success has cleared the attempts meanwhile.
    Ok(seconds.unwrap_or_default().max(1))
}

/// Gives an attempt back that was counted and then neither succeeded nor failed: nothing was compared.
///
/// # Errors
/// Database errors.
pub async fn give_back(connection: &mut PgConnection, Counter(key): &Counter) -> Result<(), StoreError> {
    sqlx::query!("update tries set count = count - 1 where login = $1 and count > 0", key)
        .execute(connection)
        .await
        .map(drop)
        .during("give an attempt back")
}

/// Clears the attempts after a correct password or code.
///
/// # Errors
/// Database errors.
pub async fn clear(connection: &mut PgConnection, Counter(key): &Counter) -> Result<(), StoreError> {
    sqlx::query!("delete from tries where login = $1", key)
        .execute(connection)
        .await
        .map(drop)
        .during("clear the password attempts of a login")
}

/// Deletes attempts that are forgotten.
///
/// # Errors
/// Database errors.
pub async fn delete_old(pool: &PgPool) -> Result<u64, StoreError> {
    let deleted = sqlx::query!(
        "delete from tries where since < now() - make_interval(secs => $1)",
        f64::from(FORGOTTEN_AFTER_SECS)
    )
    .execute(pool)
    .await
    .during("delete old password attempts")?;
    Ok(deleted.rows_affected())
}
