//! The loop of the relay: looks for rows when there is a reason to, and for reasons when there are none.

use super::RelayError;
use super::chores::Chores;
use super::reading::Most;
use super::session::Session;
use super::shared::{CHANNELS, Shared, channel_of};
use super::wake::Wake;
use crate::probe::Step;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Rows read of one lane at a time.
const LANE_ROWS: i64 = 128;
/// A channel is read for while it has less than this before it.
const QUEUE_ROWS: usize = super::flight::WINDOW_ROWS;
/// Longest sleep while nothing wakes the relay; also keeps the session alive. Shortened by up to a quarter, at random.
const POLL: Duration = Duration::from_secs(1);
/// How long a relay that stops waits for what is on its way.
const DRAIN: Duration = Duration::from_secs(4);

/// When lanes are read from their beginnings, for rows that became visible late.
#[derive(Debug)]
struct Sweeps {
    last: Option<Instant>,
    took: Duration,
    /// Something was committed since the last one.
    due: bool,
}

impl Sweeps {
    /// Between two, with nothing committed in between.
    const LONGEST: Duration = Duration::from_secs(5);
    /// Between two, while everything is read from the floor anyway.
    const BACKLOG: Duration = Duration::from_secs(1);
    /// Between two, however quick they are.
    const SHORTEST: Duration = Duration::from_millis(20);
    /// A sweep that meets many dead rows is slow: then it is rare, so that it never takes more than a part of the time.
    const SHARE: u32 = 20;

    fn next(&self, backlog: bool) -> Option<Instant> {
        let shortest = if backlog { Self::BACKLOG } else { Self::SHORTEST };
        let pause = if self.due { (self.took * Self::SHARE).max(shortest).min(Self::LONGEST) } else { Self::LONGEST };
        self.last.map(|last| last + pause)
    }
}

/// Reads rows for the publishers, and does the chores.
pub(crate) struct Reader {
    pub(super) session: Session,
    pub(super) shared: Arc<Shared>,
    pub(super) wake: Arc<Wake>,
    pub(super) chores: Chores,
    sweeps: Sweeps,
    /// There may be rows above the floors.
    more: bool,
    /// The last read found as much as it asked for.
    backlog: bool,
    poll_at: Instant,
}

impl Reader {
    pub(crate) fn new(session: Session, shared: Arc<Shared>, wake: Arc<Wake>) -> Self {
        let sweeps = Sweeps { last: None, took: Duration::ZERO, due: true };
        let (chores, poll_at) = (Chores::default(), Instant::now());
        Self { session, shared, wake, chores, sweeps, more: true, backlog: false, poll_at }
    }

    /// Reads until `stopping`, then lets what was read come to its end and gives the lanes back.
    pub(crate) async fn run(mut self, stopping: &CancellationToken) -> Result<(), RelayError> {
        while !stopping.is_cancelled() {
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
        // What is not settled by then is published again by whoever gets the lane.
        let _ = tokio::time::timeout(DRAIN, drained).await;
        self.session.close().await;
        Ok(())
    }

    /// There may be rows that were not seen.
    pub(super) fn look_again(&mut self) {
        self.more = true;
        self.sweeps.due = true;
    }

    /// Takes what woke the relay.
    fn look_around(&mut self) {
        let (committed, heard) = self.wake.take();
        let owned = self.session.lanes();
        for (occasions, source) in [(committed, "local"), (heard, "notify")] {
            if !occasions.is_empty() {
                count_wake(source);
            }
            if occasions.meets(owned) {
                self.look_again();
            }
        }
        self.chores.take_notice(committed, heard, owned);
        if self.poll_at <= Instant::now() {
            count_wake("poll");
            self.more = true;
            self.chores.polled();
            self.poll_at = Instant::now() + POLL.mul_f64(rand::random_range(0.75..=1.0));
        }
    }

    /// Reads for the channels that want rows; says whether there were any.
    async fn read(&mut self) -> Result<bool, RelayError> {
        let hungry: [bool; CHANNELS] = std::array::from_fn(|index| self.shared.queues[index].len() < QUEUE_ROWS);
        let lanes = self.session.staying_lanes().into_iter().filter(|lane| hungry[channel_of(*lane)]);
        let lanes: Vec<i16> = lanes.filter(|lane| !self.chores.is_paused(*lane)).collect();
        let started = Instant::now();
        let sweep = self.sweeps.next(self.backlog).is_none_or(|at| at <= started);
        if lanes.is_empty() || !(self.more || sweep) {
            return Ok(false);
        }
        // What is in memory goes first; `demand` tells when some of it has gone.
        let Some(bytes) = self.shared.bytes_to_read() else { return Ok(false) };
        let (rows, cut_short) = self.session.read(&lanes, sweep, Most { rows: LANE_ROWS, bytes }).await?;
        if sweep {
            self.sweeps = Sweeps { last: Some(started), took: started.elapsed(), due: false };
        }
        let all = hungry.iter().all(|hungry| *hungry);
        self.backlog = cut_short || rows.len() >= usize::try_from(LANE_ROWS).unwrap_or(usize::MAX);
        // Lanes that were not asked may have more, too.
        self.more = self.backlog || (self.more && !all);
        if rows.is_empty() {
            return Ok(false);
        }
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

pub(super) fn count_wake(source: &'static str) {
    metrics::counter!("messaging_relay_wakes_total", "source" => source).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_sweep_is_rare_and_a_quick_one_is_soon() {
        let last = Instant::now();
        let sweeps = |took, due| Sweeps { last: Some(last), took: Duration::from_millis(took), due };
        assert_eq!(sweeps(0, true).next(false), Some(last + Duration::from_millis(20)));
        assert_eq!(sweeps(60, true).next(false), Some(last + Duration::from_millis(1_200)));
        assert_eq!(sweeps(900, true).next(false), Some(last + Duration::from_secs(5)));
        assert_eq!(sweeps(0, true).next(true), Some(last + Duration::from_secs(1)));
        assert_eq!(sweeps(0, false).next(false), Some(last + Duration::from_secs(5)));
    }
}
