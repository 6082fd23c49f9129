//! Chores of the inbox: partitions for the days ahead, and the end of those whose time is over.

use sqlx::PgPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Days for which handled events are remembered: the longest time after which an event may come again.
pub const DAYS_KEPT: i32 = 7;
/// Days for which partitions exist ahead of time, should the chores not run.
const DAYS_AHEAD: i32 = 3;
/// How often the chores run.
const EVERY: Duration = Duration::from_hours(1);
/// How soon they run again after a failure.
const AGAIN: Duration = Duration::from_mins(1);

/// Keeps the inbox's partitions until `stopping`.
///
/// # Errors
/// None: a failure is logged and tried again.
pub async fn run(pool: PgPool, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
    loop {
        let wait = match maintain(&pool).await {
            Ok(0) => EVERY,
            Ok(changed) => {
                info!(changed, "inbox partitions were created or dropped");
                EVERY
            }
            Err(failure) => {
                warn!(error = %failure, "maintain the inbox's partitions");
                AGAIN
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stopping.cancelled() => return Ok(()),
        }
    }
}

/// Creates and drops partitions; returns how many.
///
/// # Errors
/// The database's.
pub async fn maintain(pool: &PgPool) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("select inbox_maintain($1, $2)").bind(DAYS_KEPT).bind(DAYS_AHEAD).fetch_one(pool).await
}
