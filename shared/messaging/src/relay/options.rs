//! What a service may choose about its relay.

use crate::backoff;
use std::time::Duration;

/// Longest pause between two tries of a route to which nobody listens: one message each, so it may be short.
const PROBE_LONGEST: Duration = Duration::from_secs(15);

/// How the relay treats events that can't be delivered, and those that were.
#[derive(Clone, Debug)]
pub struct RelayOptions {
    /// Tries before an event is parked among the dead letters; at least 1. With the default pauses ten tries take
    /// about five minutes.
    pub attempts_max: u16,
    /// The pause after the first try that failed; it doubles with each further one...
    pub retry_first: Duration,
    /// ...up to this.
    pub retry_longest: Duration,
    /// Days for which sent events are kept in `outbox_archive`; `None` keeps none.
    pub archive_days: Option<u16>,
    /// Bytes of payloads that are in memory, read and not confirmed, before no more are read. A read may exceed it by one
    /// event of each lane, so that events larger than it go, too. A quarter of it may be unconfirmed on each of the two
    /// channels.
    pub read_ahead_bytes: usize,
}

/// Ten tries, from 1 s to 1 min apart, no history, and 16 MiB read ahead.
impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            attempts_max: 10,
            retry_first: Duration::from_secs(1),
            retry_longest: Duration::from_mins(1),
            archive_days: None,
            read_ahead_bytes: 16 * 1024 * 1024,
        }
    }
}

impl RelayOptions {
    /// Days for which a history is kept by those who keep one and have no other wish.
    pub const ARCHIVE_DAYS: u16 = 30;

    /// The pause before the next try of an event that failed `attempts` times.
    pub(crate) fn pause(&self, attempts: u16) -> Duration {
        backoff::bound(self.retry_first, self.retry_longest, u32::from(attempts.saturating_sub(1)))
    }

    /// Bytes of one channel that may be unconfirmed at a time, those of stuck routes not counted; one event always may.
    pub(crate) fn window_bytes(&self) -> usize {
        self.read_ahead_bytes / 4
    }

    /// How long an event waits, from its first failure until it is parked: all its pauses together.
    pub(crate) fn patience(&self) -> Duration {
        (1..self.attempts_max.max(2)).map(|attempt| self.pause(attempt)).sum()
    }

    /// The pause before a closed route is tried again, after so many tries.
    pub(crate) fn probe_pause(&self, probes: u32) -> Duration {
        backoff::bound(self.retry_first, self.retry_longest.min(PROBE_LONGEST), probes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_waits_equally_long_whether_it_is_tried_or_its_route_is_closed() {
        let options = RelayOptions::default();
        assert_eq!(options.pause(1), Duration::from_secs(1));
        // 1 + 2 + 4 + 8 + 16 + 32 + 60 + 60 + 60
        assert_eq!(options.patience(), Duration::from_secs(243));
    }
}
