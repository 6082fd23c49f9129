//! Handling what has arrived: a batch in one transaction, and one by one when the batch fails.

use super::incoming::{Incoming, Unreadable};
use super::outcome::{HandleError, chain};
use super::subscriptions::Subscriptions;
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
    pub(crate) subscriptions: Subscriptions,
    pub(crate) stopping: CancellationToken,
}

impl Worker {
    /// Handles messages that arrived together; the answer has their order.
    pub(crate) async fn handle(&self, bodies: &[&[u8]]) -> Vec<Disposition> {
        let started = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "at most a batch")]
        metrics::histogram!("messaging_inbox_batch_size").record(bodies.len() as f64);
        let mut dispositions = vec![Disposition::Done; bodies.len()];
        let (mut batch, mut read) = (vec![], vec![]);
        for (index, body) in bodies.iter().enumerate() {
            match Incoming::read(body, &self.subscriptions) {
                Ok(incoming) => {
                    batch.push(incoming);
                    read.push(index);
                }
                Err(unreadable) => dispositions[index] = unread(&unreadable),
            }
        }
        if let Err(failure) = self.handle_together(batch).await {
            if read.len() > 1 {
                debug!(error = %chain(&failure), size = read.len(), "a batch failed: one by one");
            }
            for index in read {
                dispositions[index] = self.handle_alone(bodies[index]).await;
            }
        }
        metrics::histogram!("messaging_handle_duration_seconds").record(started.elapsed().as_secs_f64());
        dispositions
    }

    /// All in one transaction, without savepoints: any failure rolls all of it back.
    async fn handle_together(&self, mut batch: Vec<Incoming>) -> Result<(), HandleError> {
        if batch.is_empty() {
            return Ok(());
        }
        let size = batch.len();
        let mut tx = Transaction::begin(&self.pool, self.origin.clone()).await?;
        let ids: Vec<Uuid> = batch.iter().map(|incoming| incoming.meta.event_id.0).collect();
        let mut fresh = inbox::record(&mut tx, &ids).await?;
        self.probe().reached(Step::InboxRecorded);
        // `remove`: an event that is in the batch twice is handled once.
        batch.retain(|incoming| fresh.remove(&incoming.meta.event_id.0));
        batch.sort_by_key(Incoming::rank);
        let handled: Vec<(String, OffsetDateTime)> =
            batch.iter().map(|incoming| (incoming.wire_type.clone(), incoming.meta.occurred_at)).collect();
        let mut events = batch.into_iter().peekable();
        while let Some(first) = events.next() {
            let mut set = vec![first];
            while let Some(next) = events.next_if(|next| set[0].goes_with(next)) {
                set.push(next);
            }
            run(&mut tx, set).await?;
        }
        self.probe().reached(Step::InboxHandled);
        tx.commit().await.map_err(|failure| HandleError::from(failure.into_source()))?;
        self.probe().reached(Step::InboxCommitted);
        metrics::counter!("messaging_duplicates_total").increment((size - handled.len()) as u64);
        for (wire_type, occurred_at) in handled {
            count_handled(wire_type, occurred_at);
        }
        Ok(())
    }

    /// One event in its own transaction: tried again while that may help, given up when it can't.
    async fn handle_alone(&self, body: &[u8]) -> Disposition {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));
        let mut outage = Backoff::for_connections();
        let mut tries = 0;
        loop {
            let incoming = match Incoming::read(body, &self.subscriptions) {
                Ok(incoming) => incoming,
                Err(unreadable) => return unread(&unreadable),
            };
            let (event_id, wire_type) = (incoming.meta.event_id.0, incoming.wire_type.clone());
            let failure = match self.handle_together(vec![incoming]).await {
                Ok(()) => return Disposition::Done,
                Err(HandleError::Reject(reason)) => return given_up(event_id, &wire_type, &reason),
                Err(failure) => failure,
            };
            let wait = if let HandleError::RetryAfter { after, .. } = &failure {
                *after
            } else if failure.database().is_some_and(inbox::is_beyond_window) {
                return given_up(event_id, &wire_type, "the event is from beyond the inbox's window");
            } else if sqlx::query("select 1").execute(&self.pool).await.is_err() {
                // The database tells an outage from an event that it will never take: the first is waited out, with
                // the messages safe in the broker; only the second counts.
                let wait = outage.next();
                warn!(error = %chain(&failure), wait_ms = wait.as_millis(), "handling waits for the database");
                wait
            } else {
                tries += 1;
                if tries >= TRIES {
                    let reason = format!("{tries} tries failed: {}", chain(&failure));
                    return given_up(event_id, &wire_type, &reason);
                }
                backoff.next()
            };
            metrics::counter!("messaging_retries_total", "event" => wire_type).increment(1);
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

/// Runs the handler of one event, or of a set; one event on its publisher's trace and as the cause of what follows.
async fn run(tx: &mut Transaction, set: Vec<Incoming>) -> Result<(), HandleError> {
    let [first, ..] = set.as_slice() else { return Ok(()) };
    let subscription = std::sync::Arc::clone(&first.subscription);
    if set.len() > 1 {
        let span = info_span!("handle", events = set.len(), event.r#type = first.handled_as);
        let events = set.into_iter().map(|incoming| incoming.event).collect();
        return subscription.handle(tx, events).instrument(span).await;
    }
    let (context, cause) = (first.trace(), first.meta.cause());
    let span = info_span!(
        "handle", trace_id = %context.trace_id(), event.id = %first.meta.event_id, event.r#type = first.wire_type
    );
    let events = set.into_iter().map(|incoming| incoming.event).collect();
    tx.caused_by(Some(cause));
    let outcome = trace::scope(context, subscription.handle(tx, events).instrument(span)).await;
    tx.caused_by(None);
    outcome
}

fn count_handled(wire_type: String, occurred_at: OffsetDateTime) {
    let age = (OffsetDateTime::now_utc() - occurred_at).as_seconds_f64().max(0.0);
    metrics::histogram!("messaging_commit_to_handled_duration_seconds").record(age);
    metrics::counter!("messaging_handled_total", "event" => wire_type).increment(1);
}

fn unread(unreadable: &Unreadable) -> Disposition {
    error!(error = %chain(unreadable), "a message goes to the dead letters");
    metrics::counter!("messaging_dead_letters_total", "event" => "unreadable").increment(1);
    Disposition::Dead
}

fn given_up(event_id: Uuid, wire_type: &str, reason: &str) -> Disposition {
    error!(
        event.id = %event_id, event.r#type = wire_type, reason,
        "event {event_id} goes to the dead letters: {reason}"
    );
    metrics::counter!("messaging_dead_letters_total", "event" => wire_type.to_owned()).increment(1);
    Disposition::Dead
}
