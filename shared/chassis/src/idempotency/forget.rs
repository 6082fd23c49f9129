//! Old answers are forgotten.

use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// How long an answer is kept, in hours; the effect itself is unique for ever by the ledger.
pub const KEPT_HOURS: i32 = 48;
/// How often old answers are forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// Deletes answers older than [`KEPT_HOURS`], a thousand at a time so that no lock lives long.
///
/// # Errors
/// The database's.
pub async fn forget_old(pool: &sqlx::PgPool) -> Result<u64, sqlx::Error> {
    let mut forgotten = 0;
    loop {
        let deleted = sqlx::query(
            "delete from idempotency_keys where ctid = any(array(select ctid from idempotency_keys \
             where created_at < now() - make_interval(hours => $1) limit 1000))",
        )
        .bind(KEPT_HOURS)
        .execute(pool)
        .await?
        .rows_affected();
        forgotten += deleted;
        if deleted < 1000 {
            return Ok(forgotten);
        }
    }
}

/// Forgets old answers every hour until `stopping`.
///
/// # Errors
/// None: a failure is logged and tried again.
pub async fn forget_old_until(pool: sqlx::PgPool, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
    loop {
        if let Err(failure) = forget_old(&pool).await {
            warn!(error = %failure, "forget old answers");
        }
        tokio::select! {
            () = tokio::time::sleep(FORGET_EVERY) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
}
