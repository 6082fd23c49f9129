//! The relay's periodic tasks besides reading: shares lanes, notifies other relays, moves scheduled events, tries
//! closed routes, releases keys.

use super::due::{DUE_EVERY, NOTIFY_EVERY, is_due};
use super::error::{RelayError, doing};
use super::reader_state::{Reader, count_wake};
use super::reading::{Most, WAITING_ROWS};
use super::wake::Occasions;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tracing::info;

/// Interval between checks for held keys whose holders are gone, while any are held.
const HELD_EVERY: Duration = Duration::from_secs(5);
/// Scheduled events moved per statement.
const SCHEDULED_ROWS: i64 = 500;
/// Interval of the maintenance of the archive's partitions.
const ARCHIVE_EVERY: Duration = Duration::from_hours(1);
/// Days for which partitions of the archive are created ahead of time.
const ARCHIVE_DAYS_AHEAD: i32 = 3;

impl Reader {
    /// Runs the tasks that are due; returns whether there may be new rows to publish.
    pub(super) async fn do_chores(&mut self) -> Result<bool, RelayError> {
        let lanes_free = std::mem::take(&mut self.chores.lanes_free);
        let new = self.session.share_lanes(lanes_free).await?;
        if !new.is_empty() {
            self.take_over(&new).await?;
        }
        self.notify_others().await?;
        let scheduled = self.move_scheduled().await?;
        let waiting = self.read_waiting().await?;
        self.release_keys_without_holder().await?;
        self.maintain_archive().await?;
        self.measure().await?;
        Ok(scheduled || waiting)
    }

    /// Loads what the lane's last owner knew: the held keys, and the routes for which rows wait.
    async fn take_over(&mut self, lanes: &[i16]) -> Result<(), RelayError> {
        let held: Vec<(i16, String, uuid::Uuid)> =
            sqlx::query_as("select lane, ordering_key, event_id from outbox_held_keys where lane = any ($1)")
                .bind(lanes.to_vec())
                .fetch_all(&mut self.session.connection)
                .await
                .map_err(doing("read which keys are held"))?;
        let routes = self.session.waiting_routes(lanes).await?;
        let mut gate = self.shared.gate();
        for (lane, key, holder) in &held {
            gate.hold(*lane, key, *holder);
        }
        for route in routes {
            gate.suspect(route, Instant::now());
        }
        drop(gate);
        self.shared.rows_wait.store(true, Ordering::Relaxed);
        self.chores.held_checked_at = None;
        self.chores.look_at_schedule = true;
        self.look_again();
        Ok(())
    }

    /// Wakes the relays whose lanes got events from this process. Runs after the commit and never in a business
    /// transaction: the lock of a notification is held through the commit, so all commits would run one after the
    /// other.
    async fn notify_others(&mut self) -> Result<(), RelayError> {
        if self.chores.unsent.is_empty() || !is_due(self.chores.notified_at, NOTIFY_EVERY) {
            return Ok(());
        }
        let unsent = std::mem::take(&mut self.chores.unsent);
        if self.session.has_company() {
            self.session.notify(unsent).await?;
            self.chores.notified_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Moves due scheduled events into the outbox; the owner of lane 0 does this for all lanes.
    async fn move_scheduled(&mut self) -> Result<bool, RelayError> {
        if !self.session.lanes().meets(Occasions::of_lanes([0])) {
            self.chores.scheduled_at = None;
            return Ok(false);
        }
        let due = self.chores.scheduled_at.is_some_and(|at| at <= Instant::now());
        if !due && !std::mem::take(&mut self.chores.look_at_schedule) {
            return Ok(false);
        }
        let connection = &mut self.session.connection;
        let mut moved = 0;
        if due {
            let lanes: Vec<i16> = sqlx::query_scalar(include_str!("../sql/move_scheduled.sql"))
                .bind(SCHEDULED_ROWS)
                .fetch_all(&mut *connection)
                .await
                .map_err(doing("move scheduled events"))?;
            moved = lanes.len();
            let others = Occasions::of_lanes(lanes).without(self.session.lanes());
            self.chores.unsent = self.chores.unsent.and(others);
        }
        let next_seconds: Option<f64> = sqlx::query_scalar(
            "select extract(epoch from min(due_at) - clock_timestamp())::float8 from outbox_scheduled",
        )
        .fetch_one(&mut self.session.connection)
        .await
        .map_err(doing("read the schedule"))?;
        // If it is more than an hour ahead, the database is asked again after an hour.
        let next = next_seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 3600.0)));
        self.chores.scheduled_at = next.map(|wait| Instant::now() + wait);
        if moved > 0 {
            count_wake("scheduled");
            self.look_again();
        }
        Ok(moved > 0)
    }

    /// Reads rows whose wait is over, one row of each closed route that is due for a trial, and all rows of a route
    /// that works again.
    async fn read_waiting(&mut self) -> Result<bool, RelayError> {
        let mut any = false;
        if self.shared.rows_wait.load(Ordering::Relaxed) && is_due(self.chores.due_read_at, DUE_EVERY) {
            self.chores.due_read_at = Some(Instant::now());
            // Without room for them, the next turn is soon enough.
            if let Some(bytes) = self.shared.bytes_to_read() {
                self.shared.rows_wait.store(false, Ordering::Relaxed);
                let due = self.session.read_due(bytes).await?;
                any |= !due.is_empty();
                if !due.is_empty() || self.session.any_waiting().await? {
                    self.shared.rows_wait.store(true, Ordering::Relaxed);
                }
                self.shared.dispatch(due);
            }
        }
        let probes = self.shared.gate().probes_due(Instant::now());
        for route in probes {
            let mut rows = self.session.read_route(&route, Most { rows: 1, bytes: 1 }).await?;
            if rows.is_empty() {
                self.shared.gate().forget(&route);
            }
            for row in &mut rows {
                row.probe = true;
            }
            any |= !rows.is_empty();
            self.shared.dispatch(rows);
        }
        let reopened = self.shared.gate().reopened(Instant::now());
        for route in reopened {
            if self.shared.queues.iter().any(|queue| queue.len() > super::flight::WINDOW_ROWS) {
                break;
            }
            let Some(bytes) = self.shared.bytes_to_read() else { break };
            let rows = self.session.read_route(&route, Most { rows: WAITING_ROWS, bytes }).await?;
            if rows.is_empty() {
                self.shared.gate().all_taken(&route);
            }
            any |= !rows.is_empty();
            self.shared.dispatch(rows);
        }
        Ok(any)
    }

    /// Releases the events of a key if the event they waited for is gone: delivered, discarded, or deleted by hand.
    ///
    /// No row of the lane may be in flight at that moment, so that no event of the key overtakes the released ones.
    async fn release_keys_without_holder(&mut self) -> Result<(), RelayError> {
        let gone = self.shared.holder_gone.swap(false, Ordering::Relaxed);
        let checked = self.chores.held_checked_at;
        if gone || (is_due(checked, HELD_EVERY) && self.shared.gate().keys_held() > 0) {
            self.chores.held_checked_at = Some(Instant::now());
            let free: Vec<(i16, String)> = sqlx::query_as(include_str!("../sql/free_keys.sql"))
                .bind(self.session.staying_lanes())
                .fetch_all(&mut self.session.connection)
                .await
                .map_err(doing("find keys to release"))?;
            self.chores.releasing.extend(free);
        }
        let lanes: BTreeSet<i16> = self.chores.releasing.iter().map(|(lane, _)| *lane).collect();
        for lane in lanes {
            if self.shared.in_flight_of(lane) > 0 {
                continue;
            }
            let all = std::mem::take(&mut self.chores.releasing);
            let (free, others) = all.into_iter().partition(|(of, _)| *of == lane);
            self.chores.releasing = others;
            self.release(lane, free).await?;
        }
        Ok(())
    }

    async fn release(&mut self, lane: i16, keys: BTreeSet<(i16, String)>) -> Result<(), RelayError> {
        // If the lane was given back meanwhile, another relay does this.
        let Some(owned) = self.session.owned.get_mut(&lane) else { return Ok(()) };
        owned.floor = 0;
        sqlx::query(include_str!("../sql/release_keys.sql"))
            .bind(lane)
            .bind(keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>())
            .execute(&mut self.session.connection)
            .await
            .map_err(doing("release keys"))?;
        let mut gate = self.shared.gate();
        for (_, key) in &keys {
            gate.release(lane, key);
        }
        drop(gate);
        info!(lane, keys = keys.len(), "{} held keys are released", keys.len());
        self.look_again();
        Ok(())
    }

    /// Maintains the partitions of the archive, if there is one.
    async fn maintain_archive(&mut self) -> Result<(), RelayError> {
        let Some(days) = self.shared.options.archive_days else { return Ok(()) };
        if !is_due(self.chores.archive_maintained_at, ARCHIVE_EVERY) {
            return Ok(());
        }
        sqlx::query("select outbox_archive_create_partitions($1)")
            .bind(ARCHIVE_DAYS_AHEAD)
            .execute(&mut self.session.connection)
            .await
            .map_err(doing("create partitions of the archive"))?;
        // One partition per day expires, and each call drops one.
        sqlx::query("select outbox_archive_drop_partitions($1)")
            .bind(i32::from(days))
            .execute(&mut self.session.connection)
            .await
            .map_err(doing("drop a partition of the archive"))?;
        self.chores.archive_maintained_at = Some(Instant::now());
        Ok(())
    }
}
