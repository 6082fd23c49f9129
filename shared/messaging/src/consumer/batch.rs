//! Handling what has arrived: a batch in one transaction, and one by one when the batch fails.

use super::breaker::Breaker;
use super::history::History;
use super::incoming::{Incoming, Unreadable};
use super::ladder::{self, Fate};
use super::outage::{self, Outage};
use super::outcome::{HandleError, chain};
use super::span;
use super::subscriptions::Subscriptions;
use crate::backoff::Backoff;
use crate::inbox;
use crate::probe::{Probe, Step};
use crate::transaction::{Origin, Transaction};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info_span, warn};
use uuid::Uuid;

/// Tries of one event per delivery, while the database answers.
const TRIES: u32 = 3;
/// Waits between them, the first and the longest.
const TRY_AGAIN_FIRST: Duration = Duration::from_millis(20);
const TRY_AGAIN_LAST: Duration = Duration::from_millis(500);

/// A message as the broker gave it.
#[derive(Clone, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) history: History,
}

/// What is to become of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Its effect is committed, now or by an earlier delivery.
    Done,
    /// A copy goes up the ladder or to the dead letters.
    Failed(Fate),
    /// Nothing was decided: something that handlers need is away, the broker keeps it.
    Outage(Outage),
    /// Nothing was decided: the process stops, the broker keeps it.
    Kept,
}

/// Runs handlers for one service.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) pool: PgPool,
    pub(crate) origin: Origin,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) breaker: Breaker,
    pub(crate) stopping: CancellationToken,
}

impl Worker {
    /// Handles messages that arrived together; the answer has their order.
    pub(crate) async fn handle(&self, arrived: &[Arrived<'_>]) -> Vec<Disposition> {
        let started = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "at most a batch")]
        metrics::histogram!("messaging_inbox_batch_size").record(arrived.len() as f64);
        let mut dispositions = vec![Disposition::Done; arrived.len()];
        let (mut batch, mut read) = (vec![], vec![]);
        for (index, message) in arrived.iter().enumerate() {
            match Incoming::read(message.body, &self.subscriptions) {
                Ok(incoming) => {
                    batch.push(incoming);
                    read.push(index);
                }
                Err(unreadable) => dispositions[index] = unread(message, &unreadable),
            }
        }
        match self.handle_together(batch).await {
            Ok(()) => self.breaker.worked(),
            Err(failure) => {
                if read.len() > 1 {
                    debug!(error = failure.why(), size = read.len(), "a batch failed: one by one");
                }
                let mut outage = outage::behind(&failure, &self.pool).await;
                // The failure of a batch of one is that event's own.
                let mut own = (read.len() == 1).then_some(failure);
                for index in read {
                    let disposition = match &outage {
                        Some(outage) => Disposition::Outage(outage.clone()),
                        None => self.handle_alone(&arrived[index], own.take()).await,
                    };
                    if let Disposition::Outage(begun) = &disposition {
                        outage.get_or_insert_with(|| begun.clone());
                    }
                    dispositions[index] = disposition;
                }
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

    /// One event in its own transaction: tried again at once while that may help. `failure` is that of its first try,
    /// if it had one.
    async fn handle_alone(&self, message: &Arrived<'_>, mut failure: Option<HandleError>) -> Disposition {
        let mut backoff = Backoff::new(TRY_AGAIN_FIRST, TRY_AGAIN_LAST);
        for tried in 1.. {
            let incoming = match Incoming::read(message.body, &self.subscriptions) {
                Ok(incoming) => incoming,
                Err(unreadable) => return unread(message, &unreadable),
            };
            let (event_id, wire_type) = (incoming.meta.event_id.0, incoming.wire_type.clone());
            let outcome = match failure.take() {
                Some(failure) => Err(failure),
                None => self.handle_together(vec![incoming]).await,
            };
            let Err(failure) = outcome else {
                self.breaker.worked();
                return Disposition::Done;
            };
            if let Some(outage) = outage::behind(&failure, &self.pool).await {
                return Disposition::Outage(outage);
            }
            let may_pass = matches!(failure, HandleError::Retry(_)) && !is_beyond_window(&failure);
            if may_pass && tried < TRIES {
                count_retry(&wire_type, "at once");
                tokio::select! {
                    () = tokio::time::sleep(backoff.next()) => continue,
                    () = self.stopping.cancelled() => return Disposition::Kept,
                }
            }
            if !may_pass {
                self.breaker.worked();
            } else if let Some(outage) = self.breaker.failed(event_id, &failure.why()) {
                return Disposition::Outage(outage);
            }
            let fate = fate(&message.history, &failure, OffsetDateTime::now_utc());
            tell(event_id, &wire_type, &fate);
            return Disposition::Failed(fate);
        }
        Disposition::Kept
    }

    fn probe(&self) -> &Probe {
        &self.origin.probe
    }
}

fn is_beyond_window(failure: &HandleError) -> bool {
    failure.database().is_some_and(inbox::is_beyond_window)
}

/// Where an event goes whose tries at once are over.
fn fate(history: &History, failure: &HandleError, now: OffsetDateTime) -> Fate {
    let failed = history.failed(&failure.why(), now);
    match failure {
        HandleError::Reject(_) => Fate::Dead(failed),
        HandleError::RetryAfter { after, .. } => ladder::wait(failed, *after),
        HandleError::Retry(_) if is_beyond_window(failure) => {
            let reason = "the event is from beyond the inbox's window: it may have been handled before";
            Fate::Dead(history.failed(reason, now))
        }
        HandleError::Retry(_) => ladder::climb(failed),
    }
}

/// Runs the handler of one event, or of a set; one event on its publisher's trace and as the cause of what follows.
async fn run(tx: &mut Transaction, set: Vec<Incoming>) -> Result<(), HandleError> {
    let [first, ..] = set.as_slice() else { return Ok(()) };
    let subscription = Arc::clone(&first.subscription);
    let spans = span::begin(&set);
    if set.len() > 1 {
        let span = info_span!("handle", events = set.len(), event.r#type = first.handled_as);
        let events = set.into_iter().map(|incoming| incoming.event).collect();
        let outcome = subscription.handle(tx, events).instrument(span).await;
        span::end(spans, &outcome);
        return outcome;
    }
    let (context, cause) = (first.meta.handling, first.meta.cause());
    let span = info_span!(
        "handle", trace_id = %context.trace_id(), event.id = %first.meta.event_id, event.r#type = first.wire_type
    );
    let events = set.into_iter().map(|incoming| incoming.event).collect();
    tx.caused_by(Some(cause));
    let outcome = trace::scope(context, subscription.handle(tx, events).instrument(span)).await;
    tx.caused_by(None);
    span::end(spans, &outcome);
    outcome
}

fn count_handled(wire_type: String, occurred_at: OffsetDateTime) {
    let age = (OffsetDateTime::now_utc() - occurred_at).as_seconds_f64().max(0.0);
    metrics::histogram!("messaging_commit_to_handled_duration_seconds").record(age);
    metrics::counter!("messaging_handled_total", "event" => wire_type).increment(1);
}

fn count_retry(wire_type: &str, level: &'static str) {
    metrics::counter!("messaging_retries_total", "event" => wire_type.to_owned(), "level" => level).increment(1);
}

fn unread(message: &Arrived<'_>, unreadable: &Unreadable) -> Disposition {
    let reason = chain(unreadable);
    error!(error = reason, "a message goes to the dead letters: {reason}");
    metrics::counter!("messaging_dead_letters_total", "event" => "unreadable").increment(1);
    Disposition::Failed(Fate::Dead(message.history.failed(&reason, OffsetDateTime::now_utc())))
}

fn tell(event_id: Uuid, wire_type: &str, fate: &Fate) {
    match fate {
        Fate::Rung(rung, history) => {
            let reason = history.last_error.as_deref();
            warn!(
                event.id = %event_id, event.r#type = wire_type, attempts = history.attempts, reason,
                "event {event_id} is tried again in {rung}"
            );
            count_retry(wire_type, rung);
        }
        Fate::Dead(history) => {
            let reason = history.last_error.as_deref().unwrap_or_default();
            error!(
                event.id = %event_id, event.r#type = wire_type, attempts = history.attempts, reason,
                "event {event_id} goes to the dead letters: {reason}"
            );
            metrics::counter!("messaging_dead_letters_total", "event" => wire_type.to_owned()).increment(1);
        }
    }
}
