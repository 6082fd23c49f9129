//! The options of a service's relay.

use crate::backoff;
use std::time::Duration;

/// Maximum pause between trials of a route without consumers. A trial is only one message, so it may be short.
const PROBE_LONGEST: Duration = Duration::from_secs(15);

/// How the relay treats undeliverable and delivered events.
#[derive(Clone, Debug)]
pub struct RelayOptions {
    /// Attempts before an event is parked as a dead letter; at least 1. With the default pauses ten attempts take about
    /// five minutes.
    pub attempts_max: u16,
    /// The pause after the first failed attempt; it doubles with each further one...
    pub retry_first: Duration,
    /// ...up to this maximum.
    pub retry_longest: Duration,
    /// Days for which published events stay in `outbox_archive`; `None` keeps none.
    pub archive_days: Option<u16>,
    /// Maximum size of payloads in memory, read and not confirmed; above it no more are read. A read may exceed it by
    /// one event per lane, so that larger events are published, too. A quarter of it may be unconfirmed on each of the
    /// two channels.
    pub read_ahead_bytes: usize,
}

/// Ten attempts, from 1 s to 1 min apart, no archive, and 16 MiB read ahead.
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
    /// A default number of days for services that keep an archive.
    pub const ARCHIVE_DAYS: u16 = 30;

    /// The pause before the next attempt of an event that failed `attempts` times.
    pub(crate) fn pause(&self, attempts: u16) -> Duration {
        backoff::bound(self.retry_first, self.retry_longest, u32::from(attempts.saturating_sub(1)))
    }

    /// Maximum unconfirmed bytes of one channel, without those of stuck routes; one event is always allowed.
    pub(crate) fn window_bytes(&self) -> usize {
        self.read_ahead_bytes / 4
    }

    /// How long an event waits from its first failure until it is parked: the sum of all its pauses.
    pub(crate) fn patience(&self) -> Duration {
        (1..self.attempts_max.max(2)).map(|attempt| self.pause(attempt)).sum()
    }

    /// The pause before a closed route is tried again, after so many trials.
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
