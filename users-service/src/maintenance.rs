//! Forgetting what is over: tries of passwords, and refresh tokens.

use crate::store;
use sqlx::PgPool;
use std::convert::Infallible;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::warn;

const EVERY: Duration = Duration::from_mins(10);

/// Forgets until `stopping`.
///
/// # Errors
/// None: what fails is logged and tried again.
pub async fn run(pool: PgPool, stopping: CancellationToken) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.cancelled() => return Ok(()),
        }
        if let Err(failure) = store::tries::forget_old(&pool).await {
            warn!(error = %failure, "forget old tries");
        }
        if let Err(failure) = store::families::forget_old(&pool).await {
            warn!(error = %failure, "forget old refresh tokens");
        }
    }
}
