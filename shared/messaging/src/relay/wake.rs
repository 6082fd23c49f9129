//! What wakes the relay: commits of this process, and notifications of other relays.

use crate::lane::LANES;
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::sync::Notify;

/// A set of reasons to look for work: each lane, and two more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occasions(u16);

impl Occasions {
    /// An event was scheduled: it may be due before all others.
    pub(crate) const SCHEDULED: Self = Self(1 << 8);
    /// A relay has stopped: its lanes are free.
    pub(crate) const LANES_FREE: Self = Self(1 << 9);

    pub(crate) fn of_lanes(lanes: impl IntoIterator<Item = i16>) -> Self {
        let known = lanes.into_iter().filter(|lane| (0..LANES).contains(lane));
        Self(known.fold(0, |bits, lane| bits | (1 << lane)))
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The payload of a notification.
    pub(crate) fn to_payload(self) -> String {
        self.0.to_string()
    }

    /// Parses the payload of a notification; an unknown one means all lanes.
    pub(crate) fn from_payload(payload: &str) -> Self {
        payload.parse().map_or_else(|_| Self::of_lanes(0..LANES), Self)
    }
}

/// Collects occasions until the relay takes them.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    committed: AtomicU16,
    notified: AtomicU16,
    notify: Notify,
}

impl Wake {
    /// This process has committed events.
    pub(crate) fn committed(&self, occasions: Occasions) {
        if !occasions.is_empty() {
            self.committed.fetch_or(occasions.0, Ordering::AcqRel);
            self.notify.notify_one();
        }
    }

    /// Another process has committed events.
    pub(crate) fn notified(&self, occasions: Occasions) {
        self.notified.fetch_or(occasions.0, Ordering::AcqRel);
        self.notify.notify_one();
    }

    /// Waits for an occasion. None is missed: `notify_one` keeps its permit.
    pub(crate) async fn occasion(&self) {
        self.notify.notified().await;
    }

    /// Takes the occasions since the last call: of this process, and of others.
    pub(crate) fn take(&self) -> (Occasions, Occasions) {
        (Occasions(self.committed.swap(0, Ordering::AcqRel)), Occasions(self.notified.swap(0, Ordering::AcqRel)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn occasions_survive_the_way_to_another_process() {
        let occasions = Occasions::of_lanes([0, 7]).and(Occasions::SCHEDULED);
        assert_eq!(Occasions::from_payload(&occasions.to_payload()), occasions);
        assert_eq!(Occasions::from_payload("nonsense"), Occasions::of_lanes(0..8));
    }

    #[test]
    fn what_was_taken_is_gone() {
        let wake = Wake::default();
        wake.committed(Occasions::of_lanes([3]));
        wake.notified(Occasions::LANES_FREE);
        assert_eq!(wake.take(), (Occasions::of_lanes([3]), Occasions::LANES_FREE));
        assert_eq!(wake.take(), (Occasions::default(), Occasions::default()));
    }
}
