//! The table `cheques` and the tables that refer to it: a shared cheque is read and written as a whole.

use super::json::{ClaimJson, Malformed, MethodJson};
use super::last_changes_json::LastChangesJson;
use super::number::number;
use super::participant_json::{BetweenJson, ParticipantJson, received};
use super::{activity, cash_between, claims, participants, transfers};
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use contracts::cheque::Cheque;
use contracts::ids::{ChequeHash, UserId};
use postgres::{During, StoreError};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use std::fmt;
use time::OffsetDateTime;

/// What is stored about a share link.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly always a split, and only a few exist at a time")]
pub enum Found {
    /// A shared cheque.
    Split(Split),
    /// The owner deleted the cheque.
    Deleted,
}

/// A row with all its related rows, not validated yet.
struct Row {
    hash: String,
    owner_id: i64,
    cheque: Option<Json<Cheque>>,
    confirmed: bool,
    method: Json<MethodJson>,
    last_participant: i32,
    version: i64,
    cheque_version: i64,
    last_changes: Option<Json<LastChangesJson>>,
    joining_open: bool,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    participants: Json<Vec<ParticipantJson>>,
    claims: Json<Vec<ClaimJson>>,
    between: Json<Vec<BetweenJson>>,
    in_group: Vec<i32>,
    group_name: Option<String>,
}

impl TryFrom<Row> for Found {
    type Error = sqlx::Error;

    /// The tables' constraints make this succeed. A row that violates them is a decoding error, not a panic.
    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let malformed = |error: Malformed| sqlx::Error::Decode(error.into());
        let Some(Json(cheque)) = row.cheque else { return Ok(Self::Deleted) };
        let negative = row.method.0.negative();
        let rate = row.method.0.rate().map_err(malformed)?;
        let (method, tip) = row.method.0.read().map_err(malformed)?;
        let participants = row.participants.0.into_iter().map(ParticipantJson::read).collect::<Result<Vec<_>, _>>();
        let mut participants = participants.map_err(malformed)?;
        let between = received(&mut participants, row.between.0);
        let claims = row.claims.0.into_iter().map(ClaimJson::read).collect::<Result<_, _>>();
        Ok(Self::Split(Split {
            hash: ChequeHash::try_from(row.hash).map_err(|error| sqlx::Error::Decode(error.into()))?,
            owner_id: UserId::try_from(row.owner_id).map_err(|error| sqlx::Error::Decode(error.into()))?,
            last_changes: LastChangesJson::read(
                row.last_changes.map(|Json(stored)| stored),
                row.cheque_version,
                &cheque,
            ),
            cheque,
            confirmed: row.confirmed,
            method,
            tip,
            negative,
            rate,
            joining_open: row.joining_open,
            participants,
            last_participant: ParticipantId(row.last_participant.unsigned_abs()),
            claims: claims.map_err(malformed)?,
            between,
            in_group: row.in_group.into_iter().map(|id| ParticipantId(id.unsigned_abs())).collect(),
            group_name: row.group_name,
            version: row.version,
            cheque_version: row.cheque_version,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }))
    }
}

/// Stores a bill that was entered by hand, which is new.
///
/// # Errors
/// If a query fails, also if the key exists already, which is as likely as guessing one.
pub async fn insert_entered(connection: &mut PgConnection, split: &Split) -> Result<(), StoreError> {
    let new = insert(connection, split).await?;
    let taken = || sqlx::Error::Protocol("the drawn key of the link is taken".to_owned());
    if new { Ok(()) } else { Err(taken()).during(format_args!("insert bill {}", split.hash.shortened())) }
}

/// Stores a new cheque. Returns whether it was new: an existing row stays unchanged, even the row of a deleted cheque.
///
/// # Errors
/// If the query fails.
pub async fn insert(connection: &mut PgConnection, split: &Split) -> Result<bool, StoreError> {
    let inserted = sqlx::query!(
        "insert into cheques \
         (hash, owner_id, cheque, confirmed, method, last_participant, version, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict on constraint cheques_pkey do nothing",
        split.hash.as_str(),
        split.owner_id.get(),
        Json(&split.cheque) as _,
        split.confirmed,
        Json(MethodJson::of(split)) as _,
        number(split.last_participant.0),
        split.version,
        split.created_at,
        split.expires_at,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("insert cheque {} of user {}", split.hash.shortened(), split.owner_id))?;
    let new = inserted.rows_affected() == 1;
    if new {
        participants::save(connection, &split.hash, &[], &split.participants, split.created_at).await?;
    }
    Ok(new)
}

/// Reads a cheque.
///
/// # Errors
/// If the query fails.
pub async fn find(pool: &PgPool, hash: &ChequeHash) -> Result<Option<Found>, StoreError> {
    let short = hash.shortened();
    let mut connection = pool.acquire().await.during(format_args!("find cheque {short}"))?;
    let operation = fmt::from_fn(|f| write!(f, "find cheque {short}"));
    Ok(load(&mut connection, &[hash.as_str().to_owned()], operation).await?.pop())
}

/// Reads a cheque and locks it until the transaction ends. Call it before handling an event about the cheque.
///
/// # Errors
/// If the query fails.
pub async fn lock(connection: &mut PgConnection, hash: &ChequeHash) -> Result<Option<Found>, StoreError> {
    // Two statements on purpose: a single one that waits for the lock would see the newest row of `cheques`, but the
    // other tables as they were when it began.
    let locked = sqlx::query!("select hash from cheques where hash = $1 for update", hash.as_str());
    locked.fetch_optional(&mut *connection).await.during(format_args!("lock cheque {}", hash.shortened()))?;
    let operation = fmt::from_fn(|f| write!(f, "load locked cheque {}", hash.shortened()));
    Ok(load(connection, &[hash.as_str().to_owned()], operation).await?.pop())
}

/// The cheques that a user owns or joined, newest first, at most `limit`.
///
/// # Errors
/// If the query fails.
pub async fn of_user(pool: &PgPool, user_id: UserId, limit: i64) -> Result<Vec<Split>, StoreError> {
    let mut connection = pool.acquire().await.during(format_args!("list the cheques of user {user_id}"))?;
    let hashes = sqlx::query_scalar!(
        "select c.hash from cheques c join participants p on p.hash = c.hash \
         where p.user_id = $1 and c.deleted_at is null order by c.created_at desc, c.hash limit $2",
        user_id.get(),
        limit,
    )
    .fetch_all(&mut *connection)
    .await
    .during(format_args!("list the cheques of user {user_id}"))?;
    let operation = fmt::from_fn(|f| write!(f, "load the cheques of user {user_id}"));
    let found = load(&mut connection, &hashes, operation).await?;
    let mut splits: Vec<Split> = found
        .into_iter()
        .filter_map(|found| match found {
            Found::Split(split) => Some(split),
            Found::Deleted => None,
        })
        .collect();
    splits.sort_by(|one, other| other.created_at.cmp(&one.created_at).then_with(|| one.hash.cmp(&other.hash)));
    Ok(splits)
}

/// Stores the changes of an operation and records them in the history as made by `by`, `None` for the answer about a
/// transfer; the cheque must be locked.
///
/// # Errors
/// If a query fails.
pub async fn save(
    connection: &mut PgConnection,
    before: &Split,
    after: &Split,
    by: Option<ParticipantId>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update cheques set confirmed = $2, method = $3, last_participant = $4, version = $5, joining_open = $6, \
         expires_at = $7 \
         where hash = $1",
        after.hash.as_str(),
        after.confirmed,
        Json(MethodJson::of(after)) as _,
        number(after.last_participant.0),
        after.version,
        after.joining_open,
        after.expires_at,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("update cheque {}", after.hash.shortened()))?;
    // The cheque is large and rarely changes.
    if before.cheque != after.cheque {
        let cheque = Json(&after.cheque);
        sqlx::query!(
            "update cheques set cheque = $2, cheque_version = $3, last_changes = $4 where hash = $1",
            after.hash.as_str(),
            cheque as _,
            after.cheque_version,
            Json(LastChangesJson::of(after)) as _,
        )
        .execute(&mut *connection)
        .await
        .during(format_args!("correct cheque {}", after.hash.shortened()))?;
    }
    // Claims refer to participants: delete the claims of removed participants first, insert those of new participants
    // last.
    claims::delete(connection, before, after).await?;
    participants::save(connection, &after.hash, &before.participants, &after.participants, now).await?;
    claims::insert(connection, before, after).await?;
    cash_between::save(connection, before, after).await?;
    transfers::save(connection, before, after, now).await?;
    activity::record(connection, before, after, by, now).await
}

/// Deletes the content of a cheque and leaves a tombstone. Participants remain for their transfers, without names and
/// tokens.
///
/// # Errors
/// If a query fails.
pub async fn delete(connection: &mut PgConnection, split: &Split, now: OffsetDateTime) -> Result<(), StoreError> {
    let (hash, short) = (split.hash.as_str(), split.hash.shortened());
    sqlx::query!("delete from claims where hash = $1", hash)
        .execute(&mut *connection)
        .await
        .during(format_args!("delete the claims of cheque {short}"))?;
    participants::anonymise(connection, &split.hash).await?;
    activity::delete(connection, &split.hash).await?;
    sqlx::query!("update cheques set cheque = null, deleted_at = $2, version = version + 1 where hash = $1", hash, now)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("delete cheque {short}"))
}

pub(super) async fn load(
    connection: &mut PgConnection,
    hashes: &[String],
    operation: impl fmt::Display,
) -> Result<Vec<Found>, StoreError> {
    sqlx::query_file_as!(Row, "src/store/load.sql", hashes)
        .fetch_all(connection)
        .await
        .and_then(|rows| rows.into_iter().map(Found::try_from).collect())
        .during(operation)
}
