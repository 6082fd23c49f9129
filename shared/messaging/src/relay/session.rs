//! The database session that owns lanes: their locks, their rows, and nothing else.

use super::RelayError;
use super::window::Outcome;
use crate::backoff;
use crate::lane::{self, LANES};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{ConnectOptions, Connection, PgConnection, Row as _};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tracing::{error, info};
use uuid::Uuid;

/// A session that says nothing for so long is ended by the server, which frees its lanes.
///
/// TCP keepalives alone left a frozen relay in possession of its lanes for over 40 s.
const IDLE_TIMEOUT: &str = "5s";
/// How often a waiting session says something; well below [`IDLE_TIMEOUT`].
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// How often lanes are shared anew among the relays that are there.
const SHARE_EVERY: Duration = Duration::from_secs(1);
/// How often every lane is read from its beginning, for rows that became visible late.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// The second half of the lock by which a relay says that it is there; lanes are 0 to 7.
const PRESENCE: i32 = 1_000;
/// Waits of an event that failed, first and longest.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_mins(1);

/// A row of the outbox.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) lane: i16,
    pub(crate) id: i64,
    pub(crate) event_id: Uuid,
    pub(crate) exchange: String,
    pub(crate) routing_key: String,
    pub(crate) sequence: i64,
    pub(crate) correlation_id: Uuid,
    pub(crate) traceparent: Option<String>,
    pub(crate) content_type: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) occurred_at: OffsetDateTime,
    pub(crate) attempts: i16,
}

/// The session and the lanes it owns, each with the greatest id read so far.
pub(crate) struct Session {
    connection: PgConnection,
    lock_class: i32,
    /// Lane to floor. The floor is a hint for speed: below it are mostly dead rows.
    owned: BTreeMap<i16, i64>,
    shared_at: Option<Instant>,
    swept_at: Option<Instant>,
}

/// Says which step failed, in the words of [`RelayError::Database`].
fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> RelayError {
    move |source| RelayError::Database { doing, source }
}

impl Session {
    /// Connects outside of any pool and says that this relay is there. It owns no lane yet.
    pub(crate) async fn open(database: &PgConnectOptions, service: &str) -> Result<Self, RelayError> {
        let options = database.clone().application_name(&format!("{service}-relay")).options([
            ("idle_session_timeout", IDLE_TIMEOUT),
            ("statement_timeout", "10s"),
            // Stale statistics of a table that is empty one moment and full the next must not decide.
            ("enable_seqscan", "off"),
        ]);
        let mut connection = options.connect().await.map_err(doing("connect"))?;
        let (schema, standby): (Option<String>, bool) =
            sqlx::query_as("select current_schema()::text, pg_is_in_recovery()")
                .fetch_one(&mut connection)
                .await
                .map_err(doing("look around"))?;
        if standby {
            return Err(RelayError::ReadOnly);
        }
        let lock_class = lane::lock_class(schema.as_deref().unwrap_or(service));
        sqlx::query("select pg_advisory_lock_shared($1, $2)")
            .bind(lock_class)
            .bind(PRESENCE)
            .execute(&mut connection)
            .await
            .map_err(doing("announce itself"))?;
        Ok(Self { connection, lock_class, owned: BTreeMap::new(), shared_at: None, swept_at: None })
    }

    /// Takes free lanes up to the fair share, and gives back what is beyond it.
    pub(crate) async fn share_lanes(&mut self) -> Result<(), RelayError> {
        if self.shared_at.is_some_and(|at| at.elapsed() < SHARE_EVERY) {
            return Ok(());
        }
        self.shared_at = Some(Instant::now());
        let relays = self.relays_present().await?;
        let fair = fair_share(relays);
        let before = self.owned.len();
        while self.owned.len() > fair {
            let Some((lane, _)) = self.owned.pop_last() else { break };
            self.unlock(lane).await?;
        }
        for lane in 0..LANES {
            if self.owned.len() >= fair {
                break;
            }
            if !self.owned.contains_key(&lane) && self.try_lock(lane).await? {
                self.owned.insert(lane, 0);
            }
        }
        if self.owned.len() != before {
            info!(lanes = self.owned.len(), relays, "the relay owns {} of {LANES} lanes", self.owned.len());
        }
        self.measure().await
    }

    /// Reads up to `limit` due rows of each owned lane, in the order of their ids.
    ///
    /// The floor first, which is cheap; when that finds nothing, or it is time, from the beginning: a transaction
    /// that took its id early may have committed late, below the floor.
    pub(crate) async fn read(&mut self, limit: i64) -> Result<Vec<Row>, RelayError> {
        if self.owned.is_empty() {
            return Ok(vec![]);
        }
        let sweep_due = self.swept_at.is_none_or(|at| at.elapsed() >= SWEEP_EVERY);
        if !sweep_due {
            let floors = self.owned.clone();
            let rows = self.read_above(&floors, limit).await?;
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        self.swept_at = Some(Instant::now());
        let beginnings = self.owned.keys().map(|lane| (*lane, 0)).collect();
        self.read_above(&beginnings, limit).await
    }

    /// Deletes what was delivered; what was not waits and is tried again.
    pub(crate) async fn settle(&mut self, rows: &[Row], outcome: &Outcome) -> Result<(), RelayError> {
        let delivered: Vec<&Row> = outcome.delivered.iter().filter_map(|index| rows.get(*index)).collect();
        if !delivered.is_empty() {
            sqlx::query(
                "delete from outbox using unnest($1::smallint[], $2::bigint[]) as d (lane, id) \
                 where outbox.lane = d.lane and outbox.id = d.id",
            )
            .bind(delivered.iter().map(|row| row.lane).collect::<Vec<_>>())
            .bind(delivered.iter().map(|row| row.id).collect::<Vec<_>>())
            .execute(&mut self.connection)
            .await
            .map_err(doing("delete published events"))?;
            let now = OffsetDateTime::now_utc();
            for row in delivered {
                let age = (now - row.occurred_at).as_seconds_f64().max(0.0);
                metrics::histogram!("messaging_commit_to_confirm_duration_seconds").record(age);
                metrics::counter!("messaging_published_total", "event" => row.routing_key.clone()).increment(1);
            }
        }
        for (index, reason) in &outcome.failed {
            if let Some(row) = rows.get(*index) {
                self.postpone(row, reason).await?;
            }
        }
        Ok(())
    }

    /// Says something every second for as long as it is polled; ends only if the session does.
    pub(crate) async fn keep_alive(&mut self) -> RelayError {
        loop {
            tokio::time::sleep(KEEP_ALIVE).await;
            if let Err(source) = sqlx::query("select 1").execute(&mut self.connection).await {
                return RelayError::Database { doing: "keep the session", source };
            }
        }
    }

    /// Frees the lanes at once, for other relays to take.
    pub(crate) async fn close(self) {
        // The server frees the locks of a lost session too, only later.
        let _ = self.connection.close().await;
        metrics::gauge!("messaging_lanes_owned").set(0.0);
    }

    async fn read_above(&mut self, floors: &BTreeMap<i16, i64>, limit: i64) -> Result<Vec<Row>, RelayError> {
        let rows: Vec<Row> = sqlx::query(include_str!("../sql/read.sql"))
            .bind(floors.keys().copied().collect::<Vec<_>>())
            .bind(floors.values().copied().collect::<Vec<_>>())
            .bind(limit)
            .try_map(|row| Row::read(&row))
            .fetch_all(&mut self.connection)
            .await
            .map_err(doing("read events"))?;
        for row in &rows {
            if let Some(floor) = self.owned.get_mut(&row.lane) {
                *floor = row.id.max(*floor);
            }
        }
        Ok(rows)
    }

    async fn postpone(&mut self, row: &Row, reason: &str) -> Result<(), RelayError> {
        let attempts = row.attempts.saturating_add(1);
        let wait = backoff::bound(RETRY_FIRST, RETRY_LONGEST, u32::from(row.attempts.unsigned_abs()));
        error!(
            event.id = %row.event_id, event.r#type = row.routing_key, attempts, reason, wait_s = wait.as_secs(),
            "event {} was not delivered ({reason}): it stays in the outbox and is tried again in {} s",
            row.event_id, wait.as_secs()
        );
        metrics::counter!("messaging_undelivered_total", "event" => row.routing_key.clone()).increment(1);
        sqlx::query(
            "update outbox set attempts = $3, not_before = now() + make_interval(secs => $4), last_error = $5 \
             where lane = $1 and id = $2",
        )
        .bind(row.lane)
        .bind(row.id)
        .bind(attempts)
        .bind(wait.as_secs_f64())
        .bind(reason)
        .execute(&mut self.connection)
        .await
        .map(drop)
        .map_err(doing("postpone an event"))
    }

    async fn relays_present(&mut self) -> Result<usize, RelayError> {
        let relays: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks where locktype = 'advisory' and granted and mode = 'ShareLock' \
             and classid = $1::bigint::oid and objid = $2::bigint::oid \
             and database = (select oid from pg_database where datname = current_database())",
        )
        .bind(i64::from(self.lock_class))
        .bind(i64::from(PRESENCE))
        .fetch_one(&mut self.connection)
        .await
        .map_err(doing("count relays"))?;
        Ok(usize::try_from(relays).unwrap_or(1).max(1))
    }

    async fn try_lock(&mut self, lane: i16) -> Result<bool, RelayError> {
        sqlx::query_scalar("select pg_try_advisory_lock($1, $2)")
            .bind(self.lock_class)
            .bind(i32::from(lane))
            .fetch_one(&mut self.connection)
            .await
            .map_err(doing("take a lane"))
    }

    async fn unlock(&mut self, lane: i16) -> Result<(), RelayError> {
        sqlx::query("select pg_advisory_unlock($1, $2)")
            .bind(self.lock_class)
            .bind(i32::from(lane))
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(doing("give a lane back"))
    }

    /// Age of the oldest unsent event of each owned lane: the first thing to look at when something is late.
    async fn measure(&mut self) -> Result<(), RelayError> {
        let oldest: Vec<(i16, Option<f64>)> = sqlx::query_as(
            "select l.lane, (select extract(epoch from clock_timestamp() - o.occurred_at)::float8 from outbox o \
             where o.lane = l.lane order by o.id limit 1) from unnest($1::smallint[]) as l (lane)",
        )
        .bind(self.owned.keys().copied().collect::<Vec<_>>())
        .fetch_all(&mut self.connection)
        .await
        .map_err(doing("measure lanes"))?;
        #[expect(clippy::cast_precision_loss, reason = "at most 8")]
        metrics::gauge!("messaging_lanes_owned").set(self.owned.len() as f64);
        for (lane, age_secs) in oldest {
            metrics::gauge!("messaging_outbox_oldest_age_seconds", "lane" => lane.to_string())
                .set(age_secs.unwrap_or(0.0).max(0.0));
        }
        Ok(())
    }
}

impl Row {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            lane: row.try_get("lane")?,
            id: row.try_get("id")?,
            event_id: row.try_get("event_id")?,
            exchange: row.try_get("exchange")?,
            routing_key: row.try_get("routing_key")?,
            sequence: row.try_get("sequence")?,
            correlation_id: row.try_get("correlation_id")?,
            traceparent: row.try_get("traceparent")?,
            content_type: row.try_get("content_type")?,
            payload: row.try_get("payload")?,
            occurred_at: row.try_get("occurred_at")?,
            attempts: row.try_get("attempts")?,
        })
    }
}

/// Lanes for each of `relays`, rounded up so that none is left over.
fn fair_share(relays: usize) -> usize {
    usize::from(LANES.unsigned_abs()).div_ceil(relays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_shared_fairly_and_none_is_left_over() {
        assert_eq!([1, 2, 3, 4, 8, 9].map(fair_share), [8, 4, 3, 2, 1, 1]);
    }
}
