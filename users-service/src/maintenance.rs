//! Ends outdated sessions, and deletes old password attempts, tokens and rows of the audit trail.

use crate::lifetimes::Lifetimes;
use crate::store;
use sqlx::PgPool;
use std::convert::Infallible;
use std::time::Duration;
use telemetry::chain;
use tokio_util::sync::CancellationToken;
use tracing::warn;

const EVERY: Duration = Duration::from_mins(10);

/// Runs every ten minutes until `stopping` is cancelled.
///
/// # Errors
/// None: failures are logged and retried.
pub async fn run(
    pool: PgPool,
    lifetimes: Lifetimes,
    audit_days: i32,
    stopping: CancellationToken,
) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.cancelled() => return Ok(()),
        }
        if let Err(failure) = store::tries::delete_old(&pool).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        if let Err(failure) = store::sessions::end_outdated(&pool, lifetimes).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        if let Err(failure) = store::audit_events::delete_old(&pool, audit_days).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        if let Err(failure) = store::password_resets::delete_expired(&pool).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        if let Err(failure) = store::sign_in_challenges::delete_expired(&pool).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        if let Err(failure) = store::second_factors::delete_unconfirmed(&pool).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
        if let Err(failure) = store::refresh_tokens::delete_expired(&pool).await {
            warn!(error = chain(&failure), "the cleanup failed; retrying");
        }
    }
}
