//! Handling what has arrived: a batch in one transaction, and one by one when the batch fails.

use super::handler::{HandleError, chain};
use super::incoming::Incoming;
use crate::backoff::Backoff;
use crate::inbox;
use crate::probe::{Probe, Step};
use crate::transaction::{Origin, Transaction};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info_span, warn};
use uuid::Uuid;

/// Tries of one event before it is given up, while the database answers.
const TRIES: u32 = 3;

/// What is to become of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Its effect is committed, now or by an earlier delivery.
    Done,
    /// It goes to the dead letters.
    Dead,
    /// Nothing was decided: the process stops, the broker keeps it.
    Kept,
}

/// Runs handlers for one service.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) pool: PgPool,
    pub(crate) origin: Origin,
    pub(crate) stopping: CancellationToken,
}

impl Worker {
    /// Handles events that arrived together; the answer has their order.
    pub(crate) async fn handle(&self, batch: &[Incoming]) -> Vec<Disposition> {
        let started = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "at most a batch")]
        metrics::histogram!("messaging_inbox_batch_size").record(batch.len() as f64);
        let dispositions = match self.handle_together(batch).await {
            Ok(()) => vec![Disposition::Done; batch.len()],
            Err(failure) => {
                if batch.len() > 1 {
                    debug!(error = %chain(&failure), size = batch.len(), "a batch failed: one by one");
                }
                let mut dispositions = Vec::with_capacity(batch.len());
                for incoming in batch {
                    dispositions.push(self.handle_alone(incoming).await);
                }
                dispositions
            }
        };
        metrics::histogram!("messaging_handle_duration_seconds").record(started.elapsed().as_secs_f64());
        dispositions
    }

    /// All in one transaction, without savepoints: any failure rolls all of it back.
    async fn handle_together(&self, batch: &[Incoming]) -> Result<(), HandleError> {
        let mut tx = Transaction::begin(&self.pool, self.origin.clone()).await?;
        let ids: Vec<Uuid> = batch.iter().map(|incoming| incoming.meta.event_id.0).collect();
        let mut fresh = inbox::record(&mut tx, &ids).await?;
        self.probe().reached(Step::InboxRecorded);
        let mut order: Vec<&Incoming> = batch.iter().collect();
        order.sort_by_key(|incoming| incoming.deed.lock_key());
        let mut handled = vec![];
        for incoming in order {
            // `remove`: an event that is in the batch twice is handled once.
            if fresh.remove(&incoming.meta.event_id.0) {
                run(&mut tx, incoming).await?;
                handled.push(incoming);
            }
        }
        self.probe().reached(Step::InboxHandled);
        tx.commit().await.map_err(|failure| HandleError::from(failure.into_source()))?;
        self.probe().reached(Step::InboxCommitted);
        let repeats = batch.len() - handled.len();
        metrics::counter!("messaging_duplicates_total").increment(repeats as u64);
        for incoming in handled {
            count_handled(incoming);
        }
        Ok(())
    }

    /// One event in its own transaction: tried again while that may help, given up when it can't.
    async fn handle_alone(&self, incoming: &Incoming) -> Disposition {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));
        let mut outage = Backoff::for_connections();
        let mut tries = 0;
        loop {
            let failure = match self.handle_together(std::slice::from_ref(incoming)).await {
                Ok(()) => return Disposition::Done,
                Err(HandleError::Reject(reason)) => return given_up(incoming, &reason),
                Err(HandleError::Retry(source)) => source,
            };
            if failure.downcast_ref::<sqlx::Error>().is_some_and(inbox::is_beyond_window) {
                return given_up(incoming, "the event is from beyond the inbox's window");
            }
            // The database tells an outage from an event that it will never take: the first is waited out, with the
            // messages safe in the broker; only the second counts.
            let wait = if sqlx::query("select 1").execute(&self.pool).await.is_err() {
                let wait = outage.next();
                warn!(error = %chain(failure.as_ref()), wait_ms = wait.as_millis(), "handling waits for the database");
                wait
            } else {
                tries += 1;
                if tries >= TRIES {
                    return given_up(incoming, &format!("{tries} tries failed: {}", chain(failure.as_ref())));
                }
                metrics::counter!("messaging_retries_total", "event" => incoming.wire_type.clone()).increment(1);
                backoff.next()
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stopping.cancelled() => return Disposition::Kept,
            }
        }
    }

    fn probe(&self) -> &Probe {
        &self.origin.probe
    }
}

/// Runs one handler, on the publisher's trace.
async fn run(tx: &mut Transaction, incoming: &Incoming) -> Result<(), HandleError> {
    let context = incoming.trace();
    let span = info_span!(
        "handle", trace_id = %context.trace_id(), event.id = %incoming.meta.event_id, event.r#type = incoming.wire_type
    );
    tx.caused_by(Some(incoming.meta.cause()));
    let outcome = trace::scope(context, incoming.deed.run(tx, &incoming.meta).instrument(span)).await;
    tx.caused_by(None);
    outcome
}

fn count_handled(incoming: &Incoming) {
    let age = (OffsetDateTime::now_utc() - incoming.meta.occurred_at).as_seconds_f64().max(0.0);
    metrics::histogram!("messaging_commit_to_handled_duration_seconds").record(age);
    metrics::counter!("messaging_handled_total", "event" => incoming.wire_type.clone()).increment(1);
}

fn given_up(incoming: &Incoming, reason: &str) -> Disposition {
    error!(
        event.id = %incoming.meta.event_id, event.r#type = incoming.wire_type, reason,
        "event {} goes to the dead letters: {reason}", incoming.meta.event_id
    );
    metrics::counter!("messaging_dead_letters_total", "event" => incoming.wire_type.clone()).increment(1);
    Disposition::Dead
}
