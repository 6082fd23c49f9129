//! Deletes old responses.

use crate::store_error::{During, StoreError};
use std::time::Duration;
use telemetry::chain;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// How long a response is stored, in hours. After that, the ledger's unique constraint still prevents a second effect.
pub const RETENTION_HOURS: i32 = 48;
/// Time between two cleanups.
const CLEANUP_INTERVAL: Duration = Duration::from_hours(1);

/// Deletes responses older than [`RETENTION_HOURS`], in batches of a thousand, so that each lock is short.
///
/// # Errors
/// Database errors.
pub async fn delete_expired(pool: &sqlx::PgPool) -> Result<u64, StoreError> {
    let mut deleted_total = 0;
    loop {
        let deleted = sqlx::query(
            "delete from idempotency_keys where ctid = any(array(select ctid from idempotency_keys \
             where created_at < now() - make_interval(hours => $1) limit 1000))",
        )
        .bind(RETENTION_HOURS)
        .execute(pool)
        .await
        .during("delete old idempotency keys")?
        .rows_affected();
        deleted_total += deleted;
        if deleted < 1000 {
            return Ok(deleted_total);
        }
    }
}

/// Deletes old responses every hour until `stopping` is cancelled.
///
/// # Errors
/// None: failures are logged and retried.
pub async fn delete_expired_until(
    pool: sqlx::PgPool,
    stopping: CancellationToken,
) -> Result<(), std::convert::Infallible> {
    loop {
        if let Err(failure) = delete_expired(&pool).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        tokio::select! {
            () = tokio::time::sleep(CLEANUP_INTERVAL) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
}
