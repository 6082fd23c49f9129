//! Deletes old password attempts and refresh tokens.

use crate::store;
use sqlx::PgPool;
use std::convert::Infallible;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::warn;

const EVERY: Duration = Duration::from_mins(10);

/// Runs every ten minutes until `stopping` is cancelled.
///
/// # Errors
/// None: failures are logged and retried.
pub async fn run(pool: PgPool, stopping: CancellationToken) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.cancelled() => return Ok(()),
        }
        if let Err(failure) = store::tries::delete_old(&pool).await {
            warn!(error = %failure, "could not delete old password attempts; retrying");
        }
        if let Err(failure) = store::refresh_tokens::delete_expired(&pool).await {
            warn!(error = %failure, "could not delete old refresh tokens; retrying");
        }
    }
}
