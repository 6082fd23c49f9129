//! The table `activity`: the history of a shared cheque.

use super::number::number;
use crate::domain::activity::changes_between;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::domain::toggles::{LIGHT_MAX, TOGGLE_WITHIN, claim_of, is_light};
use crate::wire::activity_json::ChangeJson;
use contracts::ids::ChequeHash;
use postgres::{During, StoreError};
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// At every version that this divides, the history of a cheque is trimmed.
const TRIM_EVERY: i64 = 50;

/// What one change of a cheque has changed.
#[derive(Debug)]
pub struct Entry {
    /// The version that it has made.
    pub version: i64,
    /// When it was made.
    pub at: OffsetDateTime,
    /// The participant who made it; `None` for the answer about a transfer.
    pub by: Option<u32>,
    /// How often it was made: claiming and releasing a line again and again is one entry, which says the last of it.
    pub times: u32,
    /// What has changed: a list of [`ChangeJson`].
    pub changes: Box<RawValue>,
}

/// Records what has changed, if anything has.
pub(super) async fn record(
    connection: &mut PgConnection,
    before: &Split,
    after: &Split,
    by: Option<ParticipantId>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let changes = changes_between(before, after);
    if changes.is_empty() {
        return Ok(());
    }
    let (claim, light) = (claim_of(before, after, &changes), is_light(&changes));
    let changes: Vec<ChangeJson> = changes.into_iter().map(ChangeJson::from).collect();
    // An earlier entry about the same claim goes, unless something else has happened in between.
    sqlx::query!(
        "with joined as ( \
             delete from activity \
             where hash = $1 and claimed_line = $6 and claimant = $7 and participant is not distinct from $4 and at > $8 \
               and version > coalesce((select max(version) from activity where hash = $1 and claimed_line is null), 0) \
             returning times) \
         insert into activity (hash, version, at, participant, changes, claimed_line, claimant, light, times) \
         values ($1, $2, $3, $4, $5, $6, $7, $9, 1 + coalesce((select sum(times) from joined), 0))",
        after.hash.as_str(),
        after.version,
        now,
        by.map(|by| number(by.0)),
        Json(changes) as _,
        claim.map(|(line, _)| number(line)),
        claim.map(|(_, claimant)| number(claimant.0)),
        now - TOGGLE_WITHIN,
        light,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("record a change of cheque {}", after.hash.shortened()))?;
    if after.version % TRIM_EVERY == 0 { trim(connection, &after.hash).await } else { Ok(()) }
}

/// Deletes the oldest entries about claims and names beyond the limit.
async fn trim(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from activity where hash = $1 and light and version <= ( \
             select version from activity where hash = $1 and light order by version desc offset $2 limit 1)",
        hash.as_str(),
        LIGHT_MAX,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("bound the history of cheque {}", hash.shortened()))
}

/// The history of a cheque, newest first: at most `limit` changes, before version `before` if it is given.
///
/// # Errors
/// If the query fails.
pub async fn page(pool: &PgPool, hash: &ChequeHash, before: Option<i64>, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query!(
        r#"select version, at, participant, times, changes as "changes: Json<Box<RawValue>>" from activity
        where hash = $1 and version < $2 order by version desc limit $3"#,
        hash.as_str(),
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(pool)
    .await
    .during(format_args!("read the history of cheque {}", hash.shortened()))?;
    let entries = rows.into_iter().map(|row| Entry {
        version: row.version,
        at: row.at,
        by: row.participant.map(i32::unsigned_abs),
        times: row.times.unsigned_abs(),
        changes: row.changes.0,
    });
    Ok(entries.collect())
}

/// Deletes the history of a deleted cheque.
pub(super) async fn delete(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    sqlx::query!("delete from activity where hash = $1", hash.as_str())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("delete the history of cheque {}", hash.shortened()))
}
