//! Handling deliveries: a batch in one transaction, and one by one if the batch fails.

use super::breaker::Breaker;
use super::history::History;
use super::incoming::{Arrived, InboxKey, Incoming, Unreadable};
use super::ladder::{self, Fate};
use super::limits::{self, StatementLimit};
use super::options::ConsumerOptions;
use super::outage::{self, Outage};
use super::outcome::HandleError;
use super::span;
use super::subscriptions::Subscriptions;
use crate::backoff::Backoff;
use crate::causes::chain;
use crate::inbox::{self, Day};
use crate::maintenance;
use crate::probe::{Probe, Step};
use crate::transaction::{Origin, Transaction};
use sqlx::PgPool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info_span, warn};
use uuid::Uuid;

/// Immediate attempts per delivery of an event, while the database answers.
const TRIES: u32 = 3;
/// Backoff between them: first and longest.
const TRY_AGAIN_FIRST: Duration = Duration::from_millis(20);
const TRY_AGAIN_LAST: Duration = Duration::from_millis(500);

/// What to do with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// Its effect is committed, now or by an earlier delivery.
    Done,
    /// Publish a copy to the retry ladder or to the dead letters.
    Failed(Fate),
    /// Undecided: something that handlers need is not available; the broker keeps the message.
    Outage(Outage),
    /// Undecided: the process stops; the broker keeps the message.
    Unsettled,
}

/// Runs the handlers of one service.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) pool: PgPool,
    pub(crate) origin: Origin,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) breaker: Breaker,
    pub(crate) options: ConsumerOptions,
    pub(crate) stopping: CancellationToken,
    pub(crate) statement_limit: StatementLimit,
}

impl Worker {
    /// Handles messages that arrived together; the results are in the same order.
    pub(crate) async fn handle(&self, arrived: &[Arrived<'_>]) -> Vec<Disposition> {
        let started = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "at most a batch")]
        metrics::histogram!("messaging_inbox_batch_size").record(arrived.len() as f64);
        let mut dispositions = vec![Disposition::Done; arrived.len()];
        let (mut batch, mut read) = (vec![], vec![]);
        for (index, message) in arrived.iter().enumerate() {
            match message.read(&self.subscriptions) {
                Ok(incoming) => {
                    batch.extend(incoming);
                    read.push(index);
                }
                Err(unreadable) => dispositions[index] = unread(message, &unreadable),
            }
        }
        match self.handle_together(batch).await {
            Ok(()) => self.breaker.worked(),
            Err(failure) => {
                if read.len() > 1 {
                    debug!(
                        error = failure.why(),
                        size = read.len(),
                        "a batch failed: its events are handled one by one"
                    );
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

    /// All in one transaction, without savepoints: any failure rolls back everything.
    async fn handle_together(&self, batch: Vec<Incoming>) -> Result<(), HandleError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut tx = match self.statement_limit.of(&self.pool, self.options.handler_timeout).await? {
            Some(limit) => Transaction::begin_limited(&self.pool, self.origin.clone(), limit).await?,
            None => Transaction::begin(&self.pool, self.origin.clone()).await?,
        };
        let mut batch = self.taken(&mut tx, batch).await?;
        let size = batch.len();
        let entries = batch.iter().map(|incoming| (incoming.handler, incoming.key.clone()));
        let mut fresh = inbox::record(&mut tx, entries).await?;
        self.probe().reached(Step::InboxRecorded);
        // `remove`: an event that is in the batch twice is handled once.
        batch.retain(|incoming| fresh.remove(&(incoming.handler, incoming.key.clone())));
        batch.sort_by_key(Incoming::rank);
        let handled: Vec<(String, OffsetDateTime)> =
            batch.iter().map(|incoming| (incoming.wire_type.clone(), incoming.meta.occurred_at)).collect();
        let mut events = batch.into_iter().peekable();
        while let Some(first) = events.next() {
            let mut set = vec![first];
            while let Some(next) = events.next_if(|next| set[0].goes_with(next)) {
                set.push(next);
            }
            self.run(&mut tx, set).await?;
        }
        self.probe().reached(Step::InboxHandled);
        tx.commit().await?;
        self.probe().reached(Step::InboxCommitted);
        metrics::counter!("messaging_duplicates_total").increment((size - handled.len()) as u64);
        for (wire_type, occurred_at) in handled {
            count_handled(wire_type, occurred_at);
        }
        Ok(())
    }

    /// The events that their handlers take: almost always all of them.
    async fn taken(&self, tx: &mut Transaction, batch: Vec<Incoming>) -> Result<Vec<Incoming>, HandleError> {
        let mut taken = Vec::with_capacity(batch.len());
        for incoming in batch {
            let is_taken = match incoming.subscription.takes(tx, &incoming.event) {
                Some(asking) => limits::run(asking, self.options.handler_timeout).await?,
                None => true,
            };
            if is_taken {
                taken.push(incoming);
            }
        }
        Ok(taken)
    }

    /// Handles one event alone, each of its handlers in its own transaction: a failure of one does not undo the effect
    /// of another. `failure` is that of the first attempt, if there was one.
    async fn handle_alone(&self, message: &Arrived<'_>, mut failure: Option<HandleError>) -> Disposition {
        let handlers = match message.read(&self.subscriptions) {
            Ok(incoming) => incoming.len(),
            Err(unreadable) => return unread(message, &unreadable),
        };
        if handlers > 1 {
            // The first attempt ran all handlers together.
            failure = None;
        }
        let mut worst = Disposition::Done;
        for handler in 0..handlers {
            match self.handle_by(message, handler, failure.take()).await {
                Disposition::Done => {}
                decided @ (Disposition::Outage(_) | Disposition::Unsettled) => return decided,
                // If one handler asks to wait, the event comes back for all handlers that have not handled it.
                failed @ Disposition::Failed(Fate::Rung(..)) => worst = failed,
                failed @ Disposition::Failed(Fate::Dead(_)) => {
                    if worst == Disposition::Done {
                        worst = failed;
                    }
                }
            }
        }
        if let Disposition::Failed(fate) = &worst {
            // The handlers ran separately, but the event has one outcome.
            let wire_type = message.read(&self.subscriptions).ok().and_then(|read| read.into_iter().next());
            if let Some(incoming) = wire_type {
                log_fate(incoming.meta.event_id.0, &incoming.wire_type, fate);
            }
        }
        worst
    }

    /// Runs one handler for one event, with immediate retries while they may help.
    async fn handle_by(&self, message: &Arrived<'_>, handler: usize, mut failure: Option<HandleError>) -> Disposition {
        let mut backoff = Backoff::new(TRY_AGAIN_FIRST, TRY_AGAIN_LAST);
        let mut tried = 0;
        loop {
            let incoming = match message.read(&self.subscriptions) {
                Ok(mut read) if handler < read.len() => read.swap_remove(handler),
                Ok(_) => return Disposition::Done,
                Err(unreadable) => return unread(message, &unreadable),
            };
            let (event_id, wire_type) = (incoming.meta.event_id.0, incoming.wire_type.clone());
            let key = incoming.key.clone();
            let outcome = match failure.take() {
                Some(failure) => Err(failure),
                None => self.handle_together(vec![incoming]).await,
            };
            tried += 1;
            let Err(failure) = outcome else {
                self.breaker.worked();
                return Disposition::Done;
            };
            if let Some(outage) = outage::behind(&failure, &self.pool).await {
                return Disposition::Outage(outage);
            }
            if failure.database().is_some_and(inbox::has_no_partition)
                && let InboxKey::Event(id) = key
            {
                match self.look_for_day(id).await {
                    Ok(None) if tried < TRIES => continue,
                    Ok(None) => {}
                    Ok(Some(reason)) => {
                        self.breaker.worked();
                        return Disposition::Failed(Fate::Dead(
                            message.history.failed(reason, OffsetDateTime::now_utc()),
                        ));
                    }
                    Err(outage) => return Disposition::Outage(outage),
                }
            }
            let treatment = outage::treatment(&failure);
            if treatment.at_once && tried < TRIES {
                count_retry(&wire_type, "at once");
                tokio::select! {
                    () = tokio::time::sleep(backoff.next()) => continue,
                    () = self.stopping.cancelled() => return Disposition::Unsettled,
                }
            }
            if !treatment.counts {
                self.breaker.worked();
            } else if let Some(outage) = self.breaker.failed(event_id, &failure.why()) {
                return Disposition::Outage(outage);
            }
            return Disposition::Failed(fate(&message.history, &failure, treatment.climbs, OffsetDateTime::now_utc()));
        }
    }

    /// What to do with an event for whose day the inbox has no partition: `None` means retry, a text is why it can
    /// never be handled. The partition of a day inside the window is created; if that fails it is an outage, and not a
    /// fault of the event.
    async fn look_for_day(&self, event_id: Uuid) -> Result<Option<&'static str>, Outage> {
        let window = maintenance::window(&self.options);
        let made = maintenance::create_partitions(&self.pool, window.0).await;
        let day = async {
            let mut connection = self.pool.acquire().await?;
            inbox::day_of(&mut connection, event_id, window).await
        };
        let outage = |why: String| Outage { why, of_database: true };
        match day.await.map_err(|failure| outage(format!("look up the event's day in the inbox: {failure}")))? {
            Day::Known => Ok(None),
            Day::Past => Ok(Some("the event is older than the inbox's window: it may have been handled before")),
            Day::Future => Ok(Some("the event is from a future day: the clock of its producer is ahead")),
            Day::Missing => {
                let why = made.err().map_or_else(|| "it was not created".to_owned(), |failure| chain(&failure));
                Err(outage(format!("the inbox has no partition for the event's day: {why}")))
            }
        }
    }

    /// Runs the handler of one event, or of a set. A single event runs in its publisher's trace and as the cause of new
    /// events.
    async fn run(&self, tx: &mut Transaction, mut set: Vec<Incoming>) -> Result<(), HandleError> {
        let Some(first) = set.first() else { return Ok(()) };
        let subscription = Arc::clone(&first.subscription);
        let tracing = Arc::clone(&self.origin.tracing);
        let spans = span::begin(tracing.as_ref(), &mut set);
        let limit = self.options.handler_timeout;
        let is_set = set.len() > 1;
        let first = &set[0];
        let (span, scope, cause) = if is_set {
            (info_span!("handle", events = set.len(), event.r#type = first.handled_as), None, None)
        } else {
            let (meta, scope) = (&first.meta, first.meta.handling.clone());
            let span = info_span!(
                "handle", trace_id = meta.trace_id(), event.id = %meta.event_id, event.r#type = first.wire_type
            );
            (span, scope, Some(meta.cause()))
        };
        let events = set.into_iter().map(|incoming| incoming.event).collect();
        tx.caused_by(cause);
        let handling = subscription.handle(tx, events);
        let handling = match &scope {
            Some(traceparent) => tracing.in_scope(traceparent, handling),
            None => handling,
        };
        let outcome = limits::run(handling, limit).instrument(span).await;
        tx.caused_by(None);
        span::end(spans, &outcome);
        outcome
    }

    fn probe(&self) -> &Probe {
        &self.origin.probe
    }
}

/// Where an event goes after its immediate attempts.
fn fate(history: &History, failure: &HandleError, climbs: bool, now: OffsetDateTime) -> Fate {
    let failed = history.failed(&failure.why(), now);
    match failure {
        HandleError::RetryAfter { after, .. } => ladder::wait(failed, *after),
        HandleError::Retry(_) if climbs => ladder::climb(failed),
        HandleError::Retry(_) | HandleError::Reject(_) => Fate::Dead(failed),
    }
}

fn count_handled(wire_type: String, occurred_at: OffsetDateTime) {
    let age = (OffsetDateTime::now_utc() - occurred_at).as_seconds_f64().max(0.0);
    metrics::histogram!("messaging_commit_to_handled_duration_seconds").record(age);
    metrics::counter!("messaging_handled_total", "event" => wire_type).increment(1);
}

fn count_retry(wire_type: &str, level: &'static str) {
    metrics::counter!("messaging_retries_total", "event" => wire_type.to_owned(), "level" => level).increment(1);
}

/// What to do with a message that can't be read. Another release may know its type; otherwise it is a dead letter.
fn unread(message: &Arrived<'_>, unreadable: &Unreadable) -> Disposition {
    let reason = chain(unreadable);
    let failed = message.history.failed(&reason, OffsetDateTime::now_utc());
    let fate = if matches!(unreadable, Unreadable::Unknown(_)) { ladder::unknown(failed) } else { Fate::Dead(failed) };
    let reason = unreadable.without_contents();
    match &fate {
        Fate::Rung(rung, _) => {
            warn!(error = reason, "a message of an unknown type waits {rung} for a release that knows it: {reason}");
            count_retry("unknown", rung);
        }
        Fate::Dead(_) => {
            error!(error = reason, "a message goes to the dead letters: {reason}");
            metrics::counter!("messaging_dead_letters_total", "event" => "unreadable").increment(1);
        }
    }
    Disposition::Failed(fate)
}

fn log_fate(event_id: Uuid, wire_type: &str, fate: &Fate) {
    match fate {
        Fate::Rung(rung, history) => {
            let reason = history.last_error.as_deref();
            warn!(
                event.id = %event_id, event.r#type = wire_type, attempts = history.attempts, reason,
                "event {event_id} is retried in {rung}"
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
