//! The table `group_members`.

use crate::domain::groups::member::{Member, MemberId};
use crate::domain::groups::take_place::Place;
use crate::domain::participant::ParticipantId;
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

/// The place of a participant on a bill that counts in a group, if the owner of the bill has said which member it is, for a
/// visitor with this user. The bill must be locked.
///
/// # Errors
/// If the query fails.
pub async fn place(
    connection: &mut PgConnection,
    hash: &ChequeHash,
    participant: ParticipantId,
    visitor: Option<UserId>,
) -> Result<Option<Place>, StoreError> {
    sqlx::query_as!(
        Place,
        r#"select m.name as member, m.user_id is not null as "member_has_account!",
                  exists (select from group_members you
                          where you.key = said.key and you.user_id = $3 and you.left_at is null) as "visitor_is_member!"
           from group_cheque_members said join group_members m on m.key = said.key and m.id = said.member
           where said.hash = $1 and said.participant = $2"#,
        hash.as_str(),
        number(participant.0),
        visitor.map(UserId::get),
    )
    .fetch_optional(connection)
    .await
    .during(format_args!("find the member of participant {} of cheque {}", participant.0, hash.shortened()))
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
