//! The database session that owns lanes by their locks. Rows are read on it too, in `reading.rs`.

use super::database::DatabaseProvider;
use super::error::{RelayError, doing};
use super::row::Rows;
use super::shared::Shared;
use super::wake::Occasions;
use crate::lane::{self, LANES};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::info;

/// The server ends a session that is idle for so long, which frees its lanes.
///
/// With TCP keepalives alone a frozen relay held its lanes for over 40 s.
pub(crate) const IDLE_TIMEOUT: &str = "5s";
/// Interval at which relays share the lanes again.
const SHARE_EVERY: Duration = Duration::from_secs(1);
/// The second half of the key of the lock that registers a relay; lanes are 0 to 7.
const PRESENCE: i32 = 1_000;

/// A lane of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owned {
    /// The greatest id read so far. An optimization: most rows below it are dead.
    pub(crate) floor: i64,
    /// It is released as soon as none of its rows is in flight.
    pub(crate) leaving: bool,
}

/// The session, and the lanes it owns.
pub(crate) struct Session {
    pub(super) connection: PgConnection,
    pub(super) shared: Arc<Shared>,
    pub(super) rows: Rows,
    pub(super) owned: BTreeMap<i16, Owned>,
    /// Whether rows may be too large to read the maximum number of them; assumed at first.
    pub(super) expects_large: bool,
    /// The notification channel of this schema.
    channel: String,
    lock_class: i32,
    relays: usize,
    shared_at: Option<Instant>,
}

/// Settings of every connection of the relay. A vanished host is noticed within half a minute, and does not keep a
/// snapshot longer than that.
pub(super) const KEEPALIVES: &str = "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; \
                                     set tcp_keepalives_count = 3; set tcp_user_timeout = '30s'";
/// Settings of the sessions that read and settle. Plans must not depend on stale statistics of a table that is empty
/// one moment and full the next.
const PLANS: &str = "set statement_timeout = '10s'; set enable_seqscan = off; set enable_bitmapscan = off";
/// Reads are planned for each execution: PostgreSQL uses a hash for the ids to exclude only if the array is a constant
/// of the plan. With a generic plan a read took three times as long.
const READ_PLANS: &str = "set plan_cache_mode = force_custom_plan";

/// Connects outside of any pool. Settings are sent in a second round trip: a pooler may refuse them as startup
/// parameters (PgBouncer, `unsupported startup parameter: options`).
pub(super) async fn connect(
    database: &DatabaseProvider,
    name: &str,
    settings: &str,
) -> Result<PgConnection, RelayError> {
    let options = database.options().await.map_err(RelayError::DatabaseProvider)?.application_name(name);
    let mut connection = options.connect().await.map_err(doing("connect"))?;
    // Only constants of this file.
    let settings = AssertSqlSafe(format!("{KEEPALIVES}; {PLANS}; {settings}"));
    sqlx::raw_sql(settings).execute(&mut connection).await.map_err(doing("set up"))?;
    Ok(connection)
}

impl Session {
    /// Connects, and registers this relay. It owns no lane yet.
    pub(crate) async fn open(
        database: &DatabaseProvider,
        service: &str,
        shared: Arc<Shared>,
    ) -> Result<Self, RelayError> {
        let settings = format!("set idle_session_timeout = '{IDLE_TIMEOUT}'; {READ_PLANS}");
        let mut connection = connect(database, &format!("{service}-relay"), &settings).await?;
        // A standby matches both conditions; a primary that was set read-only matches only the second.
        let (schema, read_only): (Option<String>, bool) = sqlx::query_as(
            "select current_schema()::text, pg_is_in_recovery() or current_setting('transaction_read_only') = 'on'",
        )
        .fetch_one(&mut connection)
        .await
        .map_err(doing("read the state of the session"))?;
        if read_only {
            return Err(RelayError::ReadOnly);
        }
        let schema = schema.unwrap_or_else(|| service.to_owned());
        let lock_class = lane::lock_class(&schema);
        sqlx::query("select pg_advisory_lock_shared($1, $2)")
            .bind(lock_class)
            .bind(PRESENCE)
            .execute(&mut connection)
            .await
            .map_err(doing("register the relay"))?;
        Ok(Self {
            connection,
            shared,
            rows: Rows::default(),
            owned: BTreeMap::new(),
            expects_large: true,
            channel: lane::notification_channel(&schema),
            lock_class,
            relays: 1,
            shared_at: None,
        })
    }

    /// The notification channel of the relays of this schema.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// The lanes it owns, as occasions.
    pub(crate) fn lanes(&self) -> Occasions {
        Occasions::of_lanes(self.owned.keys().copied())
    }

    /// Whether there is another relay of this service.
    pub(crate) fn has_company(&self) -> bool {
        self.relays > 1
    }

    /// Takes free lanes up to the fair share, and releases those beyond it; returns the new lanes.
    pub(crate) async fn share_lanes(&mut self, now: bool) -> Result<Vec<i16>, RelayError> {
        self.give_back().await?;
        if !now && self.shared_at.is_some_and(|at| at.elapsed() < SHARE_EVERY) {
            return Ok(vec![]);
        }
        self.shared_at = Some(Instant::now());
        self.relays = self.relays_present().await?;
        let fair = fair_share(self.relays);
        let staying = self.owned.values().filter(|owned| !owned.leaving).count();
        for (_, owned) in
            self.owned.iter_mut().rev().filter(|(_, owned)| !owned.leaving).take(staying.saturating_sub(fair))
        {
            owned.leaving = true;
        }
        self.give_back().await?;
        let mut new = vec![];
        for lane in 0..LANES {
            if self.owned.len() >= fair {
                break;
            }
            if !self.owned.contains_key(&lane) && self.try_lock(lane).await? {
                self.owned.insert(lane, Owned { floor: 0, leaving: false });
                new.push(lane);
            }
        }
        if !new.is_empty() {
            self.report();
        }
        Ok(new)
    }

    /// Releases the lanes that are leaving and have no rows in flight.
    async fn give_back(&mut self) -> Result<(), RelayError> {
        let leaving = self.owned.iter().filter(|(lane, owned)| owned.leaving && self.shared.in_flight_of(**lane) == 0);
        let leaving: Vec<i16> = leaving.map(|(lane, _)| *lane).collect();
        for lane in &leaving {
            self.owned.remove(lane);
            self.shared.gate().forget_lane(*lane);
            sqlx::query("select pg_advisory_unlock($1, $2)")
                .bind(self.lock_class)
                .bind(i32::from(*lane))
                .execute(&mut self.connection)
                .await
                .map_err(doing("release a lane"))?;
        }
        if !leaving.is_empty() {
            self.notify(Occasions::LANES_FREE).await?;
            self.report();
        }
        Ok(())
    }

    /// Releases all lanes at once, and notifies other relays.
    pub(crate) async fn close(mut self) {
        // The server also releases the locks of a lost session, only later.
        if sqlx::query("select pg_advisory_unlock_all()").execute(&mut self.connection).await.is_ok() {
            let _ = self.notify(Occasions::LANES_FREE).await;
        }
        let _ = self.connection.close().await;
    }

    /// Notifies other relays. A notification that the server loses costs a second, so it need not be durable.
    pub(crate) async fn notify(&mut self, occasions: Occasions) -> Result<(), RelayError> {
        sqlx::query("select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)")
            .bind(&self.channel)
            .bind(occasions.to_payload())
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(doing("notify other relays"))
    }

    fn report(&self) {
        let (lanes, relays) = (self.owned.len(), self.relays);
        info!(lanes, relays, "the relay owns {lanes} of {LANES} lanes");
        #[expect(clippy::cast_precision_loss, reason = "at most 8")]
        metrics::gauge!("messaging_lanes_owned").set(lanes as f64);
    }

    async fn relays_present(&mut self) -> Result<usize, RelayError> {
        let sent = Instant::now();
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
        self.shared.lease.renew(sent);
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
}

/// Lanes per relay for `relays` relays, rounded up so that none is left without an owner.
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
