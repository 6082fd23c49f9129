//! Rows of the inbox: which events this service has handled.

use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

/// Records events as handled and returns those that were not yet.
///
/// A concurrent delivery of the same event waits here until the first one commits or rolls back. Ids go in sorted:
/// two batches that share events would otherwise deadlock.
pub(crate) async fn record(connection: &mut PgConnection, ids: &[Uuid]) -> Result<HashSet<Uuid>, sqlx::Error> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let fresh: Vec<Uuid> = sqlx::query_scalar(
        "insert into inbox (event_id) select id from unnest($1::uuid[]) as id order by id \
         on conflict do nothing returning event_id",
    )
    .bind(sorted)
    .fetch_all(connection)
    .await?;
    Ok(fresh.into_iter().collect())
}

/// Whether the event is from a day that has no partition: too old, or from a clock that is days ahead.
pub(crate) fn is_beyond_window(failure: &sqlx::Error) -> bool {
    // check_violation without a constraint's name is "no partition of relation found for row".
    failure.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some("23514") && error.constraint().is_none() && error.table() == Some("inbox")
    })
}
