//! Settling: delivered rows are deleted, others wait or are parked. It uses its own session, so that the next rows are
//! read and published in parallel.

use super::database::DatabaseProvider;
use super::error::{RelayError, doing};
use super::gate::Complaint;
use super::row::Row;
use super::session::connect;
use super::shared::Shared;
use crate::probe::Step;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tracing::{error, warn};

/// Failures that are logged individually; if there are more at a time, only their number is logged.
const LOGGED_MAX: usize = 8;
/// Settlements combined into the same statements.
const TOGETHER_MAX: usize = 64;

/// Rows per portion. Few confirms arrive at a time; a statement for each would cost the database a third more.
const PORTION_ROWS: usize = 256;
/// Maximum wait for a portion. Nothing waits for the deletion of a row.
const GATHER_FOR: Duration = Duration::from_millis(10);

/// Rows by their results.
#[derive(Debug, Default)]
pub(crate) struct Settlement {
    pub(crate) delivered: Vec<Row>,
    /// They were tried and not delivered, for these reasons.
    pub(crate) failed: Vec<(Row, Complaint)>,
    /// They were not tried because their routes are closed.
    pub(crate) closed: Vec<(Row, Complaint)>,
    /// They were not tried because their keys are held.
    pub(crate) held: Vec<Row>,
}

impl Settlement {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.delivered.len() + self.failed.len() + self.closed.len() + self.held.len()
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        let stuck = self.failed.iter_mut().chain(&mut self.closed).map(|(row, _)| row);
        self.delivered.iter_mut().chain(stuck).chain(&mut self.held)
    }
}

/// A row that leaves its lane, temporarily or permanently.
struct Removal<'a> {
    row: &'a Row,
    /// Attempts so far, including this one or that of its route.
    attempts: u16,
    complaint: &'a Complaint,
}

/// Settles rows, and counts what it settles.
pub(crate) struct Settler {
    connection: PgConnection,
    shared: Arc<Shared>,
    published: HashMap<String, metrics::Counter>,
    commit_to_confirm: metrics::Histogram,
}

impl Settler {
    pub(crate) async fn open(
        database: &DatabaseProvider,
        service: &str,
        shared: Arc<Shared>,
    ) -> Result<Self, RelayError> {
        let connection = connect(database, &format!("{service}-relay-settle"), "").await?;
        let commit_to_confirm = metrics::histogram!("messaging_commit_to_confirm_duration_seconds");
        Ok(Self { connection, shared, published: HashMap::new(), commit_to_confirm })
    }

    /// Settles until something fails.
    pub(crate) async fn run(mut self, mut settlements: mpsc::Receiver<Settlement>) -> RelayError {
        let mut windows = Vec::with_capacity(TOGETHER_MAX);
        loop {
            // Settlements that arrived during the last statements are combined.
            if settlements.recv_many(&mut windows, TOGETHER_MAX).await == 0 {
                return RelayError::Ended;
            }
            self.gather(&mut windows, &mut settlements).await;
            let mut all = Settlement::default();
            for window in windows.drain(..) {
                all.delivered.extend(window.delivered);
                all.failed.extend(window.failed);
                all.closed.extend(window.closed);
                all.held.extend(window.held);
            }
            if let Err(failure) = self.settle(&all).await {
                return failure;
            }
            let removed = all.failed.iter().chain(&all.closed).map(|(row, _)| row);
            self.shared.mark_settled(all.delivered.iter().chain(removed).chain(&all.held));
        }
    }

    /// Waits until there are enough rows for a statement, as long as more are in flight.
    async fn gather(&self, gathered: &mut Vec<Settlement>, settlements: &mut mpsc::Receiver<Settlement>) {
        let until = tokio::time::Instant::now() + GATHER_FOR;
        loop {
            let rows: usize = gathered.iter().map(Settlement::len).sum();
            if rows >= PORTION_ROWS || rows >= self.shared.rows_in_flight() {
                return;
            }
            let more = settlements.recv_many(gathered, TOGETHER_MAX);
            match tokio::time::timeout_at(until, more).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    async fn settle(&mut self, settlement: &Settlement) -> Result<(), RelayError> {
        self.settle_stuck(settlement).await?;
        if !settlement.delivered.is_empty() {
            self.delete(&settlement.delivered).await?;
            self.shared.made_progress();
            self.shared.probe.reached(Step::RelayDeleted);
            self.count(&settlement.delivered);
        }
        Ok(())
    }

    /// Settles rows that were not sent or not delivered.
    async fn settle_stuck(&mut self, settlement: &Settlement) -> Result<(), RelayError> {
        if settlement.failed.is_empty() && settlement.closed.is_empty() && settlement.held.is_empty() {
            return Ok(());
        }
        let attempts_max = self.shared.options.attempts_max.max(1);
        let failed = settlement.failed.iter().map(|(row, complaint)| {
            // A broker that refuses for now will accept it later: this is not a failed attempt, however long it lasts.
            let attempts = row.attempts.saturating_add(u16::from(!complaint.pressure));
            Removal { row, attempts, complaint }
        });
        // A trial of the route counts as an attempt of each row that waits for it.
        let closed = settlement.closed.iter();
        let (expired, closed): (Vec<_>, Vec<_>) =
            closed.partition(|(row, complaint)| row.gives_up && row.lane < 0 && !complaint.pressure);
        let expired = expired.into_iter().map(|(row, complaint)| Removal { row, attempts: attempts_max, complaint });
        let closed = closed.into_iter().map(|(row, complaint)| {
            let attempts = if complaint.pressure { row.attempts } else { row.attempts.max(1) };
            Removal { row, attempts, complaint }
        });
        let closed: Vec<_> = closed.collect();
        let (parked, failed): (Vec<_>, Vec<_>) =
            failed.partition(|removal| removal.attempts >= attempts_max && !removal.complaint.pressure);
        let parked: Vec<Removal<'_>> = parked.into_iter().chain(expired).collect();

        self.hold_keys(settlement).await?;
        self.postpone(&failed, &closed).await?;
        self.park(&parked).await?;
        self.put_behind_holders(&settlement.held).await?;
        let mut gate = self.shared.gate();
        for (row, _) in &settlement.closed {
            gate.postponed(&row.route);
        }
        self.shared.rows_wait.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Deletes delivered rows; copies them to the archive if there is one.
    async fn delete(&mut self, rows: &[Row]) -> Result<(), RelayError> {
        let statement = if self.shared.options.archive_days.is_some() {
            include_str!("../sql/archive.sql")
        } else {
            include_str!("../sql/delete.sql")
        };
        let (lanes, ids) = places(rows);
        let query = sqlx::query(statement).bind(lanes).bind(ids);
        query.execute(&mut self.connection).await.map_err(doing("delete published events"))?;
        let gate = self.shared.gate();
        if gate.keys_held() > 0 && rows.iter().any(|row| gate.is_holder(row)) {
            self.shared.holder_gone.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Runs before the rows leave their lane: after a crash in between, the key is held by a row that is tried first.
    async fn hold_keys(&mut self, settlement: &Settlement) -> Result<(), RelayError> {
        let holders: Vec<&Row> = {
            let gate = self.shared.gate();
            let stuck = settlement.failed.iter().chain(&settlement.closed).map(|(row, _)| row);
            stuck.filter(|row| row.hold_key && gate.is_holder(row)).collect()
        };
        if holders.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "insert into outbox_held_keys (lane, ordering_key, event_id) \
             select * from unnest($1::smallint[], $2::text[], $3::uuid[]) on conflict do nothing",
        )
        .bind(holders.iter().map(|row| row.home()).collect::<Vec<_>>())
        .bind(holders.iter().map(|row| row.ordering_key.as_str()).collect::<Vec<_>>())
        .bind(holders.iter().map(|row| row.event_id).collect::<Vec<_>>())
        .execute(&mut self.connection)
        .await
        .map(drop)
        .map_err(doing("hold keys"))
    }

    /// Moves rows into the shadow of their lane until they are due again.
    async fn postpone(&mut self, failed: &[Removal<'_>], closed: &[Removal<'_>]) -> Result<(), RelayError> {
        if failed.is_empty() && closed.is_empty() {
            return Ok(());
        }
        let options = &self.shared.options;
        let failed = failed.iter().map(|removal| (removal, options.pause(removal.attempts)));
        let paused = failed.clone().map(|(removal, pause)| (removal, Some(pause.as_secs_f64())));
        let postponed: Vec<_> = paused.chain(closed.iter().map(|removal| (removal, None))).collect();
        for (removal, pause) in failed.take(LOGGED_MAX) {
            let Removal { row, attempts, complaint: Complaint { reason, .. } } = removal;
            warn!(
                event.id = %row.event_id, event.r#type = row.event_type(), attempts, reason,
                wait_ms = pause.as_millis(),
                "event {} was not delivered ({reason}): it waits for another attempt", row.event_id
            );
        }
        for (removal, _) in &postponed {
            count_undelivered(removal.row);
        }
        sqlx::query(include_str!("../sql/postpone.sql"))
            .bind(postponed.iter().map(|(removal, _)| removal.row.lane).collect::<Vec<_>>())
            .bind(postponed.iter().map(|(removal, _)| removal.row.id).collect::<Vec<_>>())
            .bind(postponed.iter().map(|(removal, _)| small(removal.attempts)).collect::<Vec<_>>())
            .bind(postponed.iter().map(|(_, pause)| *pause).collect::<Vec<Option<f64>>>())
            .bind(postponed.iter().map(|(removal, _)| removal.complaint.reason.as_str()).collect::<Vec<_>>())
            .bind(options.patience().as_secs_f64())
            .bind(postponed.iter().map(|(removal, _)| removal.complaint.pressure).collect::<Vec<_>>())
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(doing("postpone events"))
    }

    /// Moves rows to the dead letters, in one statement.
    async fn park(&mut self, parked: &[Removal<'_>]) -> Result<(), RelayError> {
        if parked.is_empty() {
            return Ok(());
        }
        sqlx::query(include_str!("../sql/park.sql"))
            .bind(parked.iter().map(|removal| removal.row.lane).collect::<Vec<_>>())
            .bind(parked.iter().map(|removal| removal.row.id).collect::<Vec<_>>())
            .bind(parked.iter().map(|removal| i32::from(removal.attempts)).collect::<Vec<_>>())
            .bind(parked.iter().map(|removal| removal.complaint.reason.as_str()).collect::<Vec<_>>())
            .execute(&mut self.connection)
            .await
            .map_err(doing("park events"))?;
        for Removal { row, attempts, complaint: Complaint { reason, .. } } in parked.iter().take(LOGGED_MAX) {
            error!(
                event.id = %row.event_id, event.r#type = row.event_type(), attempts, reason,
                "event {} is parked as a dead letter: {reason}", row.event_id
            );
        }
        if parked.len() > LOGGED_MAX {
            error!(events = parked.len(), "{} events are parked as dead letters", parked.len());
        }
        for removal in parked {
            metrics::counter!("messaging_parked_total", "event" => removal.row.event_type().to_owned()).increment(1);
        }
        Ok(())
    }

    /// Moves rows behind the event that holds their key. A row whose key was released meanwhile is not moved.
    async fn put_behind_holders(&mut self, held: &[Row]) -> Result<(), RelayError> {
        let held: Vec<&Row> = {
            let gate = self.shared.gate();
            held.iter().filter(|row| gate.is_held(row)).collect()
        };
        if held.is_empty() {
            return Ok(());
        }
        let (lanes, ids) = places(held);
        sqlx::query(include_str!("../sql/put_behind_holders.sql"))
            .bind(lanes)
            .bind(ids)
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(doing("move events behind the one that holds their key"))
    }

    fn count(&mut self, delivered: &[Row]) {
        let now = OffsetDateTime::now_utc();
        let mut republished = 0;
        for row in delivered {
            republished += u64::from(row.attempts > 0);
            self.commit_to_confirm.record((now - row.occurred_at).as_seconds_f64().max(0.0));
            if let Some(counter) = self.published.get(row.event_type()) {
                counter.increment(1);
            } else {
                let event = row.event_type().to_owned();
                let counter = metrics::counter!("messaging_published_total", "event" => event.clone());
                counter.increment(1);
                self.published.insert(event, counter);
            }
        }
        if republished > 0 {
            metrics::counter!("messaging_republished_total").increment(republished);
        }
    }
}

fn count_undelivered(row: &Row) {
    metrics::counter!("messaging_undelivered_total", "event" => row.event_type().to_owned()).increment(1);
}

fn places<'a>(rows: impl IntoIterator<Item = &'a Row>) -> (Vec<i16>, Vec<i64>) {
    rows.into_iter().map(|row| (row.lane, row.id)).unzip()
}

/// Converts a number for a `smallint` column.
fn small(attempts: u16) -> i16 {
    i16::try_from(attempts).unwrap_or(i16::MAX)
}
