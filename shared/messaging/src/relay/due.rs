//! When each of the relay's periodic tasks is due.

use super::shared::Shared;
use super::wake::Occasions;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Minimum interval between notifications to other relays: the first is sent at once, later ones are combined.
pub(super) const NOTIFY_EVERY: Duration = Duration::from_millis(50);
/// Interval between reads of waiting rows that are due, while there are any.
pub(super) const DUE_EVERY: Duration = Duration::from_millis(250);

/// When each task is due.
#[derive(Debug, Default)]
pub(crate) struct Chores {
    /// Occasions not yet sent to other relays.
    pub(super) unsent: Occasions,
    pub(super) notified_at: Option<Instant>,
    pub(super) lanes_free: bool,
    /// When the next scheduled event is due, if known; only the owner of lane 0 reads it.
    pub(super) scheduled_at: Option<Instant>,
    pub(super) look_at_schedule: bool,
    pub(super) due_read_at: Option<Instant>,
    pub(super) held_checked_at: Option<Instant>,
    /// Keys whose holders are gone, by lane. The lane is not read until they are released.
    pub(super) releasing: BTreeSet<(i16, String)>,
    pub(super) archive_maintained_at: Option<Instant>,
    pub(super) measured_at: Option<Instant>,
}

/// Whether `every` has passed since `last`, or there is no `last`.
pub(super) fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

impl Chores {
    /// Records the occasions, and which of them to send to other relays.
    pub(crate) fn record(&mut self, committed: Occasions, notified: Occasions, owned: Occasions) {
        let first_lane = Occasions::of_lanes([0]);
        let mine = if owned.meets(first_lane) { owned.and(Occasions::SCHEDULED) } else { owned };
        self.unsent = self.unsent.and(committed.without(mine));
        self.look_at_schedule |= committed.and(notified).meets(Occasions::SCHEDULED);
        self.lanes_free |= notified.meets(Occasions::LANES_FREE);
    }

    /// The poll interval has passed.
    pub(crate) fn polled(&mut self) {
        self.look_at_schedule = true;
    }

    /// Whether a lane must not be read now.
    pub(crate) fn is_paused(&self, lane: i16) -> bool {
        self.releasing.iter().any(|(paused, _)| *paused == lane)
    }

    /// When the next task is due, if known.
    pub(crate) fn next(&self, shared: &Shared) -> Option<Instant> {
        let notify_at = self.notified_at.filter(|_| !self.unsent.is_empty()).map(|notified| notified + NOTIFY_EVERY);
        let rows_wait = shared.rows_wait.load(Ordering::Relaxed);
        let due_at = self.due_read_at.filter(|_| rows_wait).map(|read| read + DUE_EVERY);
        [notify_at, self.scheduled_at, due_at, shared.gate().next_probe(Instant::now())].into_iter().flatten().min()
    }
}
