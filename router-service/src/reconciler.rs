//! Asks payments again for transfers that were not answered: the question or the answer may be lost with the broker.
//!
//! Payments stores every decision for ever, so that asking again costs at most an answer.

use crate::store::{outbox, transfers};
use chassis::clock;
use chassis::process::chain;
use rabbit_outbox::Messaging;
use std::convert::Infallible;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often unanswered transfers are looked for.
const EVERY: Duration = Duration::from_secs(5);
/// Transfers that are asked for at a time.
const BATCH_ROWS_MAX: i64 = 100;
/// With an event that waits longer than this, the broker is away: asking again would only make the heap larger.
const OUTBOX_AGE_MAX: Duration = Duration::from_secs(5);

/// Why unanswered transfers could not be asked for.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("use the database")]
    Database(#[from] sqlx::Error),
    #[error("append the question")]
    Append(#[from] rabbit_outbox::AppendError),
}

/// Asks again until `stopping`; `patience` is the wait after the first question.
///
/// # Errors
/// None: a failure is logged and tried again.
pub async fn run(messaging: Messaging, patience: Duration, stopping: CancellationToken) -> Result<(), Infallible> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY.min(patience)) => {}
            () = stopping.cancelled() => return Ok(()),
        }
        match ask_again(&messaging, patience).await {
            Ok(0) => {}
            Ok(asked) => {
                info!(asked, "{asked} transfers without an answer are asked for again");
                metrics::counter!("router_transfers_asked_again_total").increment(asked);
            }
            Err(failure) => warn!(error = %chain(&failure), "ask for transfers again"),
        }
    }
}

/// Asks for what was not answered in time; each question is a new event, since the old one is in payments' inbox.
async fn ask_again(messaging: &Messaging, patience: Duration) -> Result<u64, AskError> {
    let mut tx = messaging.begin().await?;
    if outbox::is_behind(&mut tx, OUTBOX_AGE_MAX).await? {
        return Ok(0);
    }
    let now = clock::now();
    let unanswered = transfers::lock_unanswered(&mut tx, now, patience, BATCH_ROWS_MAX).await?;
    for transfer in &unanswered {
        transfers::asked_again(&mut tx, transfer.question.transfer_id, now).await?;
        tx.append(&transfer.question, i64::from(transfer.asked_times) + 1)?;
    }
    tx.commit().await.map_err(rabbit_outbox::transaction::CommitError::into_source)?;
    Ok(unanswered.len() as u64)
}
