//! The tables `families` and `refresh_tokens`. A family is a sign-in with all refresh tokens that follow from it.

use crate::client::ClientInfo;
use crate::lifetimes::Lifetimes;
use crate::tokens::TokenHash;
use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Starts a session: a new family with its first token. Returns its id.
///
/// # Errors
/// Database errors.
pub async fn start_session(
    connection: &mut PgConnection,
    user: UserId,
    token: &TokenHash,
    client: &ClientInfo,
    lifetimes: Lifetimes,
) -> Result<Uuid, StoreError> {
    let family = Uuid::now_v7();
    sqlx::query!(
        "insert into families (id, user_id, address, user_agent) values ($1, $2, $3, $4)",
        family,
        user.get(),
        client.address(),
        client.user_agent(),
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("insert a token family of user {user}"))?;
    add(connection, family, token, lifetimes).await?;
    Ok(family)
}

/// The state of a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Unknown, expired or revoked, or its user is blocked.
    Unknown,
    /// Used within the last 10 seconds, probably by another tab.
    JustUsed,
    /// Used earlier: there is a copy. Contains its family and user.
    Reused(Uuid, i64),
    /// Valid until now, and consumed. Contains its family and user.
    Valid(Uuid, i64),
}

/// Consumes a token.
///
/// # Errors
/// Database errors.
pub async fn consume(
    connection: &mut PgConnection,
    token: &TokenHash,
    lifetimes: Lifetimes,
) -> Result<TokenState, StoreError> {
    let row = sqlx::query!(
        r#"select t.family_id, f.user_id,
                  f.revoked_at is null and t.expires_at > now() and u.blocked_at is null
                      and f.created_at > now() - make_interval(days => $2) as "is_alive!",
                  t.spent_at is not null as "is_spent!",
                  coalesce(t.spent_at > now() - interval '10 seconds', false) as "is_just_spent!"
           from refresh_tokens t join families f on f.id = t.family_id join users u on u.id = f.user_id
           where t.hash = $1 for update of t"#,
        token.as_slice(),
        lifetimes.absolute_days,
    )
    .fetch_optional(&mut *connection)
    .await
    .during("lock a refresh token")?;
    let Some(row) = row.filter(|row| row.is_alive) else { return Ok(TokenState::Unknown) };
    if row.is_just_spent {
        return Ok(TokenState::JustUsed);
    }
    if row.is_spent {
        return Ok(TokenState::Reused(row.family_id, row.user_id));
    }
    sqlx::query!("update refresh_tokens set spent_at = now() where hash = $1", token.as_slice())
        .execute(connection)
        .await
        .during(format_args!("consume a refresh token of family {}", row.family_id))?;
    Ok(TokenState::Valid(row.family_id, row.user_id))
}

/// Adds the next token of a family.
///
/// # Errors
/// Database errors.
pub async fn add(
    connection: &mut PgConnection,
    family: Uuid,
    token: &TokenHash,
    lifetimes: Lifetimes,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into refresh_tokens (hash, family_id, expires_at) \
         select $1, f.id, least(now() + make_interval(days => $3), f.created_at + make_interval(days => $4)) \
         from families f where f.id = $2",
        token.as_slice(),
        family,
        lifetimes.idle_days,
        lifetimes.absolute_days,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert a refresh token of family {family}"))
}

/// Revokes a family.
///
/// # Errors
/// Database errors.
pub async fn revoke(connection: &mut PgConnection, family: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update families set revoked_at = now() where id = $1 and revoked_at is null", family)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("revoke token family {family}"))
}

/// Revokes the family of a token; returns its user, or `None` if there is none or it has ended before.
///
/// # Errors
/// Database errors.
pub async fn revoke_family_of(connection: &mut PgConnection, token: &TokenHash) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar!(
        "update families f set revoked_at = now() from refresh_tokens t \
         where t.hash = $1 and f.id = t.family_id and f.revoked_at is null returning f.user_id",
        token.as_slice(),
    )
    .fetch_optional(connection)
    .await
    .during("revoke the family of a refresh token")
}

/// Revokes all families of a user, and ends the sign-ins that wait for their second step.
///
/// # Errors
/// Database errors.
pub async fn revoke_all(connection: &mut PgConnection, user: UserId) -> Result<(), StoreError> {
    super::sign_in_challenges::delete_all(connection, user).await?;
    sqlx::query!("update families set revoked_at = now() where user_id = $1 and revoked_at is null", user.get())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("revoke the token families of user {user}"))
}

/// Deletes expired tokens, and families without tokens that ended more than a day ago: by then every gateway knows it.
///
/// # Errors
/// Database errors.
pub async fn delete_expired(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!("delete from refresh_tokens where expires_at < now()")
        .execute(pool)
        .await
        .during("delete expired refresh tokens")?;
    sqlx::query!(
        "delete from families f where f.revoked_at < now() - interval '1 day' \
         and not exists (select from refresh_tokens t where t.family_id = f.id)"
    )
    .execute(pool)
    .await
    .map(drop)
    .during("delete token families without tokens")
}
