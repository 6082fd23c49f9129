//! What the reader holds between two turns.

use super::due::Chores;
use super::session::Session;
use super::shared::Shared;
use super::sweeps::Sweeps;
use super::wake::Wake;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Reads rows for the publishers, and runs the periodic tasks.
pub(crate) struct Reader {
    pub(super) session: Session,
    pub(super) shared: Arc<Shared>,
    pub(super) wake: Arc<Wake>,
    pub(super) chores: Chores,
    pub(super) sweeps: Sweeps,
    /// There may be rows above the floors.
    pub(super) more: bool,
    /// The last read returned as many rows as it asked for.
    pub(super) backlog: bool,
    pub(super) poll_at: Instant,
    /// When the last read that found rows began.
    pub(super) read_at: Option<Instant>,
}

impl Reader {
    pub(crate) fn new(session: Session, shared: Arc<Shared>, wake: Arc<Wake>) -> Self {
        let sweeps = Sweeps { last: None, took: Duration::ZERO, due: true };
        let (chores, poll_at) = (Chores::default(), Instant::now());
        Self { session, shared, wake, chores, sweeps, more: true, backlog: false, poll_at, read_at: None }
    }

    /// There may be rows that were not read.
    pub(super) fn look_again(&mut self) {
        self.more = true;
        self.sweeps.due = true;
    }
}

pub(super) fn count_wake(source: &'static str) {
    metrics::counter!("messaging_relay_wakes_total", "source" => source).increment(1);
}
