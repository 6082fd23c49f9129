//! The main loop of the relay: reads rows when woken, and polls in between.

use super::error::RelayError;
use super::reader_state::{Reader, count_wake};
use super::reading::Most;
use super::shared::{CHANNELS, channel_of};
use super::sweeps::Sweeps;
use crate::probe::Step;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Rows read per lane at a time.
const LANE_ROWS: i64 = 128;
/// Rows are read for a channel while its queue has fewer than this.
const QUEUE_ROWS: usize = super::flight::WINDOW_ROWS;
/// Shortest time between two reads, unless the first one left rows behind.
const GATHER_FOR: Duration = Duration::from_millis(4);
/// Maximum sleep while nothing wakes the relay; also keeps the session alive. Shortened at random by up to a quarter.
const POLL: Duration = Duration::from_secs(1);
/// How long a stopping relay waits for rows in flight.
const DRAIN: Duration = Duration::from_secs(4);

impl Reader {
    /// Reads until `stopping`, then waits for the rows in flight and releases the lanes.
    pub(crate) async fn run(mut self, stopping: &CancellationToken) -> Result<(), RelayError> {
        while !stopping.is_cancelled() {
            self.gather(stopping).await;
            self.look_around();
            let chores = self.do_chores().await?;
            let read = self.read().await?;
            if !chores && !read {
                self.wait(stopping).await;
            }
        }
        let drained = async {
            while !self.shared.nothing_in_flight() {
                self.shared.demand.notified().await;
            }
        };
        // Rows that are not settled by then are published again by the next owner of their lane.
        let _ = tokio::time::timeout(DRAIN, drained).await;
        self.session.close().await;
        Ok(())
    }

    /// Waits a moment after a read that found all rows there were: under load, more of them gather for the next read. A
    /// lone row is read at once.
    async fn gather(&self, stopping: &CancellationToken) {
        let Some(read_at) = self.read_at.filter(|_| !self.more) else { return };
        tokio::select! {
            () = tokio::time::sleep_until((read_at + GATHER_FOR).into()) => {}
            () = stopping.cancelled() => {}
        }
    }

    /// Takes the occasions that woke the relay.
    fn look_around(&mut self) {
        let (committed, notified) = self.wake.take();
        let owned = self.session.lanes();
        for (occasions, source) in [(committed, "local"), (notified, "notify")] {
            if !occasions.is_empty() {
                count_wake(source);
            }
            if occasions.meets(owned) {
                self.look_again();
            }
        }
        self.chores.record(committed, notified, owned);
        if self.poll_at <= Instant::now() {
            count_wake("poll");
            self.more = true;
            self.chores.polled();
            self.poll_at = Instant::now() + POLL.mul_f64(rand::random_range(0.75..=1.0));
        }
    }

    /// Reads for the channels that need rows; returns whether there were any.
    async fn read(&mut self) -> Result<bool, RelayError> {
        let hungry: [bool; CHANNELS] = std::array::from_fn(|index| self.shared.queues[index].len() < QUEUE_ROWS);
        let lanes = self.session.staying_lanes().into_iter().filter(|lane| hungry[channel_of(*lane)]);
        let lanes: Vec<i16> = lanes.filter(|lane| !self.chores.is_paused(*lane)).collect();
        let started = Instant::now();
        let sweep = self.sweeps.next(self.backlog).is_none_or(|at| at <= started);
        if lanes.is_empty() || !(self.more || sweep) {
            return Ok(false);
        }
        // Rows in memory are sent first; `demand` wakes the reader when some of them are settled.
        let Some(bytes) = self.shared.bytes_to_read() else { return Ok(false) };
        let (rows, cut_short) = self.session.read(&lanes, sweep, Most { rows: LANE_ROWS, bytes }).await?;
        if sweep {
            self.sweeps = Sweeps { last: Some(started), took: started.elapsed(), due: false };
        }
        let all = hungry.iter().all(|hungry| *hungry);
        self.backlog = cut_short || rows.len() >= usize::try_from(LANE_ROWS).unwrap_or(usize::MAX);
        // Lanes that were not read may have more, too.
        self.more = self.backlog || (self.more && !all);
        if rows.is_empty() {
            return Ok(false);
        }
        self.read_at = Some(started);
        if sweep && !self.more {
            count_wake("sweep");
        }
        self.shared.probe.reached(Step::RelayRead);
        self.shared.dispatch(rows);
        Ok(true)
    }

    async fn wait(&self, stopping: &CancellationToken) {
        let sweep_at = self.sweeps.next(self.backlog).filter(|_| self.sweeps.due);
        let timers = [Some(self.poll_at), sweep_at, self.chores.next(&self.shared)];
        let until = timers.into_iter().flatten().min().unwrap_or(self.poll_at);
        tokio::select! {
            () = self.wake.occasion() => {}
            () = self.shared.demand.notified() => {}
            () = tokio::time::sleep_until(until.into()) => {}
            () = stopping.cancelled() => {}
        }
    }
}
