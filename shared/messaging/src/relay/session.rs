//! The database session that owns lanes: their locks and nothing else. Rows are read on it too, in `reading.rs`.

use super::RelayError;
use super::database::DatabaseProvider;
use super::row::Rows;
use super::shared::Shared;
use super::wake::Occasions;
use crate::lane::{self, LANES};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::info;

/// A session that says nothing for so long is ended by the server, which frees its lanes.
///
/// TCP keepalives alone left a frozen relay in possession of its lanes for over 40 s.
pub(crate) const IDLE_TIMEOUT: &str = "5s";
/// How often lanes are shared anew among the relays that are there.
const SHARE_EVERY: Duration = Duration::from_secs(1);
/// The second half of the lock by which a relay says that it is there; lanes are 0 to 7.
const PRESENCE: i32 = 1_000;

/// A lane of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owned {
    /// The greatest id read so far. A hint for speed: below it are mostly dead rows.
    pub(crate) floor: i64,
    /// It goes to another relay as soon as nothing of it is in flight.
    pub(crate) leaving: bool,
}

/// The session, and the lanes it owns.
pub(crate) struct Session {
    pub(super) connection: PgConnection,
    pub(super) shared: Arc<Shared>,
    pub(super) rows: Rows,
    pub(super) owned: BTreeMap<i16, Owned>,
    /// Rows may be too large for as many to be read as there may be; nothing is known of them at first.
    pub(super) expects_large: bool,
    /// The channel of notifications of this schema.
    channel: String,
    lock_class: i32,
    relays: usize,
    shared_at: Option<Instant>,
}

/// Says which step failed, in the words of [`RelayError::Database`].
pub(super) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> RelayError {
    move |source| RelayError::Database { doing, source }
}

/// What every connection of the relay sets. A host that vanished is noticed within half a minute, and does not keep a
/// snapshot until then.
pub(super) const KEEPALIVES: &str = "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; \
                                     set tcp_keepalives_count = 3; set tcp_user_timeout = '30s'";
/// What the sessions set that read and settle. Stale statistics of a table that is empty one moment and full the next must
/// not decide.
const PLANS: &str = "set statement_timeout = '10s'; set enable_seqscan = off; set enable_bitmapscan = off";
/// Reads are planned anew each time: ids to leave out are found by hash only in an array that is a constant of the plan.
/// With a generic plan a read took three times as long.
const READ_PLANS: &str = "set plan_cache_mode = force_custom_plan";

/// Connects outside of any pool. Settings follow in one more round trip: a pooler between refuses them as parameters of the
/// start (PgBouncer, `unsupported startup parameter: options`).
pub(super) async fn connect(
    database: &DatabaseProvider,
    name: &str,
    settings: &str,
) -> Result<PgConnection, RelayError> {
    let options = database.options().await.map_err(RelayError::DatabaseProvider)?.application_name(name);
    let mut connection = options.connect().await.map_err(doing("connect"))?;
    // From constants of this file.
    let settings = AssertSqlSafe(format!("{KEEPALIVES}; {PLANS}; {settings}"));
    sqlx::raw_sql(settings).execute(&mut connection).await.map_err(doing("set up"))?;
    Ok(connection)
}

impl Session {
    /// Connects, and says that this relay is there. It owns no lane yet.
    pub(crate) async fn open(
        database: &DatabaseProvider,
        service: &str,
        shared: Arc<Shared>,
    ) -> Result<Self, RelayError> {
        let settings = format!("set idle_session_timeout = '{IDLE_TIMEOUT}'; {READ_PLANS}");
        let mut connection = connect(database, &format!("{service}-relay"), &settings).await?;
        // A standby says so in both ways; a primary of which somebody has decided so only in the second.
        let (schema, read_only): (Option<String>, bool) = sqlx::query_as(
            "select current_schema()::text, pg_is_in_recovery() or current_setting('transaction_read_only') = 'on'",
        )
        .fetch_one(&mut connection)
        .await
        .map_err(doing("look around"))?;
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
            .map_err(doing("announce itself"))?;
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

    /// The channel on which relays of this schema wake each other.
    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// The lanes it owns, as occasions.
    pub(crate) fn lanes(&self) -> Occasions {
        Occasions::of_lanes(self.owned.keys().copied())
    }

    /// Whether another relay of this service is there.
    pub(crate) fn has_company(&self) -> bool {
        self.relays > 1
    }

    /// Takes free lanes up to the fair share, and gives back what is beyond it; returns the lanes that are new.
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

    /// Frees the lanes that leave and of which nothing is in flight.
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
                .map_err(doing("give a lane back"))?;
        }
        if !leaving.is_empty() {
            self.notify(Occasions::LANES_FREE).await?;
            self.report();
        }
        Ok(())
    }

    /// Frees the lanes at once, and tells other relays to take them.
    pub(crate) async fn close(mut self) {
        // The server frees the locks of a lost session too, only later.
        if sqlx::query("select pg_advisory_unlock_all()").execute(&mut self.connection).await.is_ok() {
            let _ = self.notify(Occasions::LANES_FREE).await;
        }
        let _ = self.connection.close().await;
    }

    /// Tells other relays. A notification that the server loses costs a second, so it need not be durable.
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
