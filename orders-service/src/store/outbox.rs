//! The table `outbox`, which messaging owns: only how far it is behind.

use sqlx::PgConnection;
use std::time::Duration;

/// Whether an event has waited longer than `limit` to be published.
///
/// # Errors
/// The database's.
pub async fn is_behind(connection: &mut PgConnection, limit: Duration) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from outbox where occurred_at < now() - make_interval(secs => $1)) as "behind!""#,
        limit.as_secs_f64(),
    )
    .fetch_one(connection)
    .await
}
