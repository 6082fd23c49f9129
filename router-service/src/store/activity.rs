//! The table `activity`: the history of a shared cheque.

use super::number::number;
use crate::domain::activity::changes_between;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::wire::activity_json::ChangeJson;
use contracts::ids::ChequeHash;
use postgres::{During, StoreError};
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// What one change of a cheque has changed.
#[derive(Debug)]
pub struct Entry {
    /// The version that it has made.
    pub version: i64,
    /// When it was made.
    pub at: OffsetDateTime,
    /// The participant who made it; `None` for the answer about a transfer.
    pub by: Option<u32>,
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
    let changes: Vec<ChangeJson> = changes_between(before, after).into_iter().map(ChangeJson::from).collect();
    if changes.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into activity (hash, version, at, participant, changes) values ($1, $2, $3, $4, $5)",
        after.hash.as_str(),
        after.version,
        now,
        by.map(|by| number(by.0)),
        Json(changes) as _,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("record a change of cheque {}", after.hash.shortened()))
}

/// The history of a cheque, newest first: at most `limit` changes, before version `before` if it is given.
///
/// # Errors
/// If the query fails.
pub async fn page(pool: &PgPool, hash: &ChequeHash, before: Option<i64>, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query!(
        r#"select version, at, participant, changes as "changes: Json<Box<RawValue>>" from activity
        where hash = $1 and version < $2 order by version desc limit $3"#,
        hash.as_str(),
        before.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(pool)
    .await
    .during(format_args!("read the history of cheque {}", hash.shortened()))?;
    let entry = |version, at, participant: Option<i32>, Json(changes)| {
        let by = participant.map(i32::unsigned_abs);
        Entry { version, at, by, changes }
    };
    Ok(rows.into_iter().map(|row| entry(row.version, row.at, row.participant, row.changes)).collect())
}

/// Deletes the history of a deleted cheque.
pub(super) async fn delete(connection: &mut PgConnection, hash: &ChequeHash) -> Result<(), StoreError> {
    sqlx::query!("delete from activity where hash = $1", hash.as_str())
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("delete the history of cheque {}", hash.shortened()))
}
