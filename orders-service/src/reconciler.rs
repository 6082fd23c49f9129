//! Requests payment again for orders without an answer, because the event or its answer may be lost with the broker.
//!
//! Payments stores every decision permanently, so a repeated request only causes a repeated answer.

use crate::store::orders;
use contracts::orders::OrderCreated;
use postgres::{During, StoreError};
use process::clock;
use rabbit_outbox::Messaging;
use std::convert::Infallible;
use std::time::Duration;
use telemetry::chain;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often to look for unanswered orders.
const INTERVAL: Duration = Duration::from_secs(5);
/// Largest number of orders per transaction.
const BATCH_ROWS_MAX: i64 = 100;
/// If an event has waited in the outbox for longer than this, the broker is down and more events would only add to the
/// backlog.
const OUTBOX_AGE_MAX: Duration = Duration::from_secs(5);

/// Why requesting payment again failed.
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
                info!(asked, "requested payment again for {asked} orders without an answer");
                metrics::counter!("orders_asked_again_total").increment(asked);
            }
            Err(failure) => {
                warn!(error = %chain(&failure), "payment of orders without an answer could not be requested again");
            }
        }
    }
}

/// Appends a new event for each overdue order: payments would ignore a repeat of the old event by its id.
async fn request_again(messaging: &Messaging, patience: Duration) -> Result<u64, RequestError> {
    if messaging.is_publishing_behind(OUTBOX_AGE_MAX).await.during("check whether publishing is behind")? {
        return Ok(0);
    }
    let mut tx = messaging.begin().await.during("begin to request again")?;
    let unanswered = orders::lock_unanswered(&mut tx, clock::now(), patience, BATCH_ROWS_MAX).await?;
    for order in &unanswered {
        let event = OrderCreated { order_id: order.id, user_id: order.user_id, amount: order.amount };
        tx.append(&event, order.version)?;
    }
    tx.commit().await.during(format_args!("commit {} repeated requests", unanswered.len()))?;
    Ok(unanswered.len() as u64)
}
