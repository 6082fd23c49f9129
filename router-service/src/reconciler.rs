//! Requests transfers again that got no answer, because the event or its answer may be lost with the broker.
//!
//! Payments stores every decision permanently, so a repeated request only causes a repeated answer.

use crate::store::groups::settlements;
use crate::store::transfers;
use postgres::{During, StoreError};
use process::clock;
use rabbit_outbox::Messaging;
use std::convert::Infallible;
use std::time::Duration;
use telemetry::chain;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often to look for unanswered transfers.
const INTERVAL: Duration = Duration::from_secs(5);
/// Largest number of transfers per transaction.
const BATCH_ROWS_MAX: i64 = 100;
/// If an event has waited in the outbox for longer than this, the broker is down and more events would only add to the
/// backlog.
const OUTBOX_AGE_MAX: Duration = Duration::from_secs(5);

/// Why requesting transfers again failed.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("append the event")]
    Append(#[from] rabbit_outbox::AppendError),
}

/// Repeats requests until `stopping` is cancelled; `patience` is the delay after the first request.
///
/// # Errors
/// Never: a failure is logged and retried.
pub async fn run(messaging: Messaging, patience: Duration, stopping: CancellationToken) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(INTERVAL.min(patience)) => {}
            () = stopping.cancelled() => return Ok(()),
        }
        match request_again(&messaging, patience).await {
            Ok(0) => {}
            Ok(asked) => {
                info!(asked, "requested {asked} transfers without an answer again");
                metrics::counter!("router_transfers_asked_again_total").increment(asked);
            }
            Err(failure) => warn!(error = %chain(&failure), "transfers without an answer could not be requested again"),
        }
    }
}

/// Appends a new event for each overdue transfer: payments would ignore a repeat of the old event by its id.
async fn request_again(messaging: &Messaging, patience: Duration) -> Result<u64, RequestError> {
    if messaging.is_publishing_behind(OUTBOX_AGE_MAX).await.during("check whether publishing is behind")? {
        return Ok(0);
    }
    let mut tx = messaging.begin().await.during("begin to request again")?;
    let now = clock::now();
    let unanswered = transfers::lock_unanswered(&mut tx, now, patience, BATCH_ROWS_MAX).await?;
    for transfer in &unanswered {
        transfers::record_request(&mut tx, transfer.event.transfer_id, now).await?;
        tx.append(&transfer.event, i64::from(transfer.asked_times) + 1)?;
    }
    let of_groups = settlements::lock_unanswered(&mut tx, now, patience, BATCH_ROWS_MAX).await?;
    for payment in &of_groups {
        settlements::record_request(&mut tx, payment.event.transfer_id, now).await?;
        tx.append(&payment.event, i64::from(payment.asked_times) + 1)?;
    }
    let asked = unanswered.len() + of_groups.len();
    tx.commit().await.during(format_args!("commit {asked} repeated requests"))?;
    Ok(asked as u64)
}
