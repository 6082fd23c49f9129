//! The table `group_members`.

use crate::domain::groups::member::{Member, MemberId};
use crate::store::number::number;
use contracts::ids::{ChequeHash, UserId};
use postgres::{During, StoreError};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Stores a new or changed member who is in the group, which must be locked.
///
/// # Errors
/// If a query fails.
pub async fn save(
    connection: &mut PgConnection,
    key: &ChequeHash,
    member: &Member,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let id = number(member.id.0);
    sqlx::query!(
        "insert into group_members (key, id, name, user_id, joined_at) values ($1, $2, $3, $4, $5) \
         on conflict on constraint group_members_pkey do update \
         set name = excluded.name, user_id = excluded.user_id, left_at = null",
        key.as_str(),
        id,
        member.name,
        member.user_id.map(UserId::get),
        now,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("store member {id} of group {}", key.shortened()))?;
    sqlx::query!("update groups set last_member = greatest(last_member, $2) where key = $1", key.as_str(), id)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("count member {id} of group {}", key.shortened()))
}

/// The member leaves. On the bills of the group they stay who they are.
///
/// # Errors
/// If a query fails.
pub async fn leave(
    connection: &mut PgConnection,
    key: &ChequeHash,
    id: MemberId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let id = number(id.0);
    sqlx::query!(
        r#"insert into group_cheque_members (hash, participant, key, member)
           select hash as "hash!", participant as "participant!", key as "key!", member as "member!"
           from group_participants where key = $1 and member = $2
           on conflict on constraint group_cheque_members_pkey do nothing"#,
        key.as_str(),
        id,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("keep member {id} on the bills of group {}", key.shortened()))?;
    sqlx::query!("update group_members set left_at = $3 where key = $1 and id = $2", key.as_str(), id, now)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("remove member {id} of group {}", key.shortened()))
}
