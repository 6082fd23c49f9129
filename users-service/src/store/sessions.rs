//! The table `families`: sessions, and which have ended. Their refresh tokens are in [`super::refresh_tokens`].

use crate::client::ClientInfo;
use crate::lifetimes::Lifetimes;
use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// Sessions in a list, at most: more than a person can look through.
const LISTED_MAX: i64 = 100;

/// A session that has not ended.
pub struct Session {
    /// The id, which is also the claim `sid` of its access tokens.
    pub id: Uuid,
    /// When the user signed in.
    pub created_at: OffsetDateTime,
    /// When its refresh token was last exchanged.
    pub last_used_at: OffsetDateTime,
    /// When it ends unless it is used before.
    pub expires_at: OffsetDateTime,
    /// The address that used it last.
    pub address: Option<String>,
    /// The program that used it last, as it names itself.
    pub user_agent: Option<String>,
}

/// The sessions of a user that have not ended, the last used first.
///
/// # Errors
/// Database errors.
pub async fn list(pool: &PgPool, user: UserId, lifetimes: Lifetimes) -> Result<Vec<Session>, StoreError> {
    sqlx::query_as!(
        Session,
        r#"select f.id, f.created_at, f.last_used_at, f.address, f.user_agent, max(t.expires_at) as "expires_at!"
           from families f join refresh_tokens t on t.family_id = f.id
           where f.user_id = $1 and f.revoked_at is null and f.created_at > now() - make_interval(days => $2)
             and t.spent_at is null and t.expires_at > now()
           group by f.id order by f.last_used_at desc, f.id desc limit $3"#,
        user.get(),
        lifetimes.absolute_days,
        LISTED_MAX,
    )
    .fetch_all(pool)
    .await
    .during(format_args!("list the sessions of user {user}"))
}

/// Whether the session exists and has not ended.
///
/// # Errors
/// Database errors.
pub async fn is_live(pool: &PgPool, id: Uuid) -> Result<bool, StoreError> {
    sqlx::query_scalar!(r#"select exists(select from families where id = $1 and revoked_at is null) as "is_live!""#, id)
        .fetch_one(pool)
        .await
        .during(format_args!("read whether session {id} is live"))
}

/// Records that a session was used now.
///
/// # Errors
/// Database errors.
pub async fn touch(connection: &mut PgConnection, id: Uuid, client: &ClientInfo) -> Result<(), StoreError> {
    sqlx::query!(
        "update families set last_used_at = now(), address = $2, user_agent = $3 where id = $1",
        id,
        client.address(),
        client.user_agent(),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("record the use of session {id}"))
}

/// Ends a session of this user; `false` if there is none with this id.
///
/// # Errors
/// Database errors.
pub async fn end_own(connection: &mut PgConnection, user: UserId, id: Uuid) -> Result<bool, StoreError> {
    sqlx::query!(
        "update families set revoked_at = now() where id = $1 and user_id = $2 and revoked_at is null",
        id,
        user.get(),
    )
    .execute(connection)
    .await
    .map(|done| done.rows_affected() > 0)
    .during(format_args!("end session {id} of user {user}"))
}

/// Ends the sessions that are too old, and those whose tokens have all expired, so that their sockets close too. The audit
/// trail gets a row for each user; returns how many.
///
/// # Errors
/// Database errors.
pub async fn end_outdated(pool: &PgPool, lifetimes: Lifetimes) -> Result<u64, StoreError> {
    sqlx::query!(
        "with ended as (\
             update families f set revoked_at = now() where f.revoked_at is null and (\
                 f.created_at < now() - make_interval(days => $1) \
                 or not exists (select from refresh_tokens t where t.family_id = f.id and t.expires_at > now())) \
             returning f.user_id) \
         insert into audit_events (kind, outcome, count, subject_id) \
         select 'session_expiry', 'done', count(*), user_id from ended group by user_id",
        lifetimes.absolute_days,
    )
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
    .during("end outdated sessions")
}

/// A session that has ended, and when.
pub struct Ended {
    /// The session.
    pub id: Uuid,
    /// When it ended.
    pub at: OffsetDateTime,
}

/// The time of the database, with which [`ended_after`] compares.
///
/// # Errors
/// Database errors.
pub async fn now(pool: &PgPool) -> Result<OffsetDateTime, StoreError> {
    sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(pool).await.during("read the time of the database")
}

/// At most `limit` sessions that ended after this one, in the order in which they ended.
///
/// # Errors
/// Database errors.
pub async fn ended_after(pool: &PgPool, at: OffsetDateTime, id: Uuid, limit: i64) -> Result<Vec<Ended>, StoreError> {
    sqlx::query_as!(
        Ended,
        r#"select id, revoked_at as "at!" from families
           where revoked_at is not null and revoked_at >= $1 and (revoked_at, id) > ($1, $2)
           order by revoked_at, id limit $3"#,
        at,
        id,
        limit,
    )
    .fetch_all(pool)
    .await
    .during("list ended sessions")
}
