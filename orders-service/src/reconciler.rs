//! Asks payments again about orders that were not answered: the question or the answer may be lost with the broker.
//!
//! Payments stores every decision for ever, so that asking again costs at most an answer.

use crate::store::{orders, outbox};
use chassis::clock;
use chassis::process::chain;
use contracts::orders::OrderCreated;
use rabbit_outbox::Messaging;
use std::convert::Infallible;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often unanswered orders are looked for.
const EVERY: Duration = Duration::from_secs(5);
/// Orders that are asked about at a time.
const BATCH_ROWS_MAX: i64 = 100;
/// With an event that waits longer than this, the broker is away: asking again would only make the heap larger.
const OUTBOX_AGE_MAX: Duration = Duration::from_secs(5);

/// Why unanswered orders could not be asked about.
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
                info!(asked, "payments is asked again about {asked} orders without an answer");
                metrics::counter!("orders_asked_again_total").increment(asked);
            }
            Err(failure) => warn!(error = %chain(&failure), "ask about orders again"),
        }
    }
}

/// Asks about what was not answered in time; each question is a new event, since the old one is in payments' inbox.
async fn ask_again(messaging: &Messaging, patience: Duration) -> Result<u64, AskError> {
    let mut tx = messaging.begin().await?;
    if outbox::is_behind(&mut tx, OUTBOX_AGE_MAX).await? {
        return Ok(0);
    }
    let unanswered = orders::ask_again(&mut tx, clock::now(), patience, BATCH_ROWS_MAX).await?;
    for order in &unanswered {
        let question = OrderCreated { order_id: order.id, user_id: order.user_id, amount: order.amount };
        tx.append(&question, order.version)?;
    }
    tx.commit().await.map_err(rabbit_outbox::transaction::CommitError::into_source)?;
    Ok(unanswered.len() as u64)
}
