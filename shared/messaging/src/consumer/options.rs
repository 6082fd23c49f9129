//! The limits of a consumer.

use std::time::Duration;

/// How much a consumer takes at once, how long it may take, and when it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerOptions {
    /// Deliveries handled in one transaction at most: what has already arrived, never waiting for more.
    ///
    /// 32 for handlers of single events, whose statements go to the database one by one anyway; a handler of sets
    /// gains up to 128 or so.
    pub batch_max: usize,
    /// Batches handled at a time, each in a transaction of its own; 1 by default. Events of one ordering key stay in one
    /// of them, in the order of their arrival.
    pub parallel: usize,
    /// Deliveries that the broker hands out ahead: three batches, so that the next is there while one is committed
    /// and one is acknowledged. A crash counts against all of them, so it is not larger than it helps.
    pub prefetch: u16,
    /// Bytes that the broker hands out ahead, roughly: fewer deliveries are prefetched while large ones arrive. What is
    /// in memory is at most this, and what was prefetched when the first large ones came, [`ConsumerOptions::prefetch`]
    /// times their size.
    pub prefetch_bytes: usize,
    /// So many different events in a row that fail all their tries, although the database is well, are an outage of
    /// something else: the consumer pauses instead of sending everything up the ladder. What an event itself says does
    /// not count: data that can't be stored, a handler that panics.
    pub failing_max: usize,
    /// How long one call of a handler may take; then it is a failure of its events.
    pub handler_timeout: Duration,
    /// Days for which handled events are remembered: the longest time after which an event may come again and still be
    /// recognised as a repeat. The same for all replicas of a service.
    pub window_days: u16,
    /// Days for which dead letters are kept that were replayed or discarded; `None` keeps them for good.
    pub settled_letters_days: Option<u16>,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        Self {
            batch_max: 32,
            parallel: 1,
            prefetch: 96,
            prefetch_bytes: 32 * 1024 * 1024,
            failing_max: 10,
            handler_timeout: Duration::from_secs(30),
            window_days: 7,
            settled_letters_days: Some(90),
        }
    }
}

impl ConsumerOptions {
    /// Batches of up to `batch_max` deliveries, at least one, and as much prefetched as keeps them full.
    #[must_use]
    pub fn batches_of(batch_max: u16) -> Self {
        let batch_max = batch_max.max(1);
        Self { batch_max: usize::from(batch_max), prefetch: batch_max.saturating_mul(3), ..Self::default() }
    }

    /// The same with so many batches at a time, and as much prefetched as keeps them full.
    #[must_use]
    pub fn with_parallel(self, parallel: u16) -> Self {
        let parallel = parallel.max(1);
        Self { parallel: usize::from(parallel), prefetch: self.prefetch.saturating_mul(parallel), ..self }
    }

    /// The same with another number of deliveries that are handed out ahead.
    #[must_use]
    pub fn with_prefetch(self, prefetch: u16) -> Self {
        Self { prefetch, ..self }
    }

    /// The same with another time limit for one call of a handler.
    #[must_use]
    pub fn with_handler_timeout(self, handler_timeout: Duration) -> Self {
        Self { handler_timeout, ..self }
    }

    /// The same with another number of different events in a row that count as an outage.
    #[must_use]
    pub fn with_failing_max(self, failing_max: usize) -> Self {
        Self { failing_max, ..self }
    }

    /// The same with another window of days for which handled events are remembered.
    #[must_use]
    pub fn with_window_days(self, window_days: u16) -> Self {
        Self { window_days: window_days.max(1), ..self }
    }

    /// The same with another limit of prefetched bytes.
    #[must_use]
    pub fn with_prefetch_bytes(self, prefetch_bytes: usize) -> Self {
        Self { prefetch_bytes, ..self }
    }

    /// The same with another time for which settled dead letters are kept.
    #[must_use]
    pub fn with_settled_letters_days(self, settled_letters_days: Option<u16>) -> Self {
        Self { settled_letters_days, ..self }
    }
}
