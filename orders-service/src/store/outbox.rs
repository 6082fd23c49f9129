//! The table `outbox`, owned by messaging. Only read here, to see whether publishing is behind.

use sqlx::PgConnection;
use std::time::Duration;

/// Whether an event has been waiting for publication for longer than `limit`.
///
/// # Errors
/// If the query fails.
pub async fn is_behind(connection: &mut PgConnection, limit: Duration) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from outbox where occurred_at < now() - make_interval(secs => $1)) as "behind!""#,
        limit.as_secs_f64(),
    )
    .fetch_one(connection)
    .await
}
