//! The tables `group_cheques` and `group_cheque_members`.

use crate::domain::groups::group::CountedCheque;
use crate::domain::groups::member::MemberId;
use crate::domain::participant::ParticipantId;
use crate::store::cheques::{Found, load};
use crate::store::number::number;
use contracts::ids::ChequeHash;
use postgres::{During, StoreError};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use std::fmt;
use time::OffsetDateTime;

/// The group in which a bill counts.
///
/// # Errors
/// If the query fails.
pub async fn group_of(connection: &mut PgConnection, hash: &ChequeHash) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar!("select key from group_cheques where hash = $1", hash.as_str())
        .fetch_optional(connection)
        .await
        .during(format_args!("find the group of cheque {}", hash.shortened()))
}

/// Lets a bill count in a group. `members` are those who are not recognised by their user. Both must be locked.
///
/// # Errors
/// If a query fails.
pub async fn put(
    connection: &mut PgConnection,
    key: &ChequeHash,
    hash: &ChequeHash,
    members: &BTreeMap<ParticipantId, MemberId>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let short = hash.shortened();
    forget_members(connection, hash).await?;
    let (group, cheque) = (key.as_str(), hash.as_str());
    sqlx::query!(
        "insert into group_cheques (hash, key, added_at) values ($1, $2, $3) on conflict on constraint group_cheques_pkey \
         do nothing",
        cheque,
        group,
        now
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("put cheque {short} into group {}", key.shortened()))?;
    let participants: Vec<i32> = members.keys().map(|id| number(id.0)).collect();
    let ids: Vec<i32> = members.values().map(|id| number(id.0)).collect();
    sqlx::query!(
        "insert into group_cheque_members (hash, participant, key, member) \
         select $1, participant, $2, member from unnest($3::integer[], $4::integer[]) as said (participant, member)",
        cheque,
        group,
        &participants,
        &ids,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("store the members on cheque {short}"))
}

/// Takes a bill out of its group. Both must be locked.
///
/// # Errors
/// If a query fails.
pub async fn remove(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    let short = hash.shortened();
    forget_members(connection, hash).await?;
    sqlx::query!("delete from group_cheques where hash = $1", hash.as_str())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("take cheque {short} out of its group"))
}

async fn forget_members(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    sqlx::query!("delete from group_cheque_members where hash = $1", hash.as_str())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("delete who is who on cheque {}", hash.shortened()))
}

/// The bills of a group, the oldest first.
pub(super) async fn of_group(
    connection: &mut PgConnection,
    key: &ChequeHash,
) -> Result<Vec<CountedCheque>, StoreError> {
    let short = key.shortened();
    let rows = sqlx::query!("select hash, added_at from group_cheques where key = $1", key.as_str());
    let rows = rows.fetch_all(&mut *connection).await.during(format_args!("list the bills of group {short}"))?;
    let hashes: Vec<String> = rows.iter().map(|row| row.hash.clone()).collect();
    let mut added_at: BTreeMap<String, OffsetDateTime> = rows.into_iter().map(|row| (row.hash, row.added_at)).collect();
    let rows = sqlx::query!(
        r#"select hash as "hash!", participant as "participant!", member as "member!"
           from group_participants where key = $1"#,
        key.as_str()
    );
    let rows = rows.fetch_all(&mut *connection).await.during(format_args!("load who is who in group {short}"))?;
    let mut members: BTreeMap<String, BTreeMap<ParticipantId, MemberId>> = BTreeMap::new();
    for row in rows {
        let (participant, member) = (row.participant.unsigned_abs(), row.member.unsigned_abs());
        members.entry(row.hash).or_default().insert(ParticipantId(participant), MemberId(member));
    }
    let found = load(connection, &hashes, fmt::from_fn(|f| write!(f, "load the bills of group {short}"))).await?;
    let counted = |found| match found {
        Found::Split(split) => {
            let members = members.remove(split.hash.as_str()).unwrap_or_default();
            let added_at = added_at.remove(split.hash.as_str())?;
            Some(CountedCheque { split, added_at, members })
        }
        Found::Deleted => None,
    };
    let mut cheques: Vec<CountedCheque> = found.into_iter().filter_map(counted).collect();
    cheques.sort_by(|one, other| {
        (one.split.created_at, &one.split.hash).cmp(&(other.split.created_at, &other.split.hash))
    });
    Ok(cheques)
}
