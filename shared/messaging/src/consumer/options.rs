//! The limits of a consumer.

use std::time::Duration;

/// Batch sizes, time limits and retention of a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerOptions {
    /// Maximum number of deliveries handled in one transaction. A lone delivery is handled at once; those that arrive
    /// within 4 ms of the start of the last batch wait for the rest of that time, so that they are handled together.
    /// After a batch of several, the next one also waits until none has arrived for 1 ms, at most 6 ms: what was
    /// published together is handled together.
    ///
    /// 32 for handlers of single events, whose statements go to the database one by one anyway; a set-based handler
    /// gains up to about 128.
    pub batch_max: usize,
    /// Batches handled concurrently, each in its own transaction; 1 by default. Events of one ordering key are never in
    /// two batches at the same time, and keep their order of arrival.
    pub parallel: usize,
    /// Deliveries that the broker sends ahead (prefetch): three batches, so that the next one is there while one is
    /// committed and one is acknowledged. A crash counts against all prefetched deliveries, so a larger number does
    /// harm.
    pub prefetch: u16,
    /// Approximate limit in bytes of what the broker sends ahead: fewer deliveries are prefetched while large ones
    /// arrive. Memory use is at most this plus what was prefetched when the first large ones came, which is
    /// [`ConsumerOptions::prefetch`] times their size.
    pub prefetch_bytes: usize,
    /// If this many different events in a row fail all their attempts although the database is available, this counts
    /// as an outage of something else: the consumer pauses instead of sending everything to the retry ladder. Failures
    /// that the contents of an event cause do not count: data that can't be stored, a handler that panics.
    pub failing_max: usize,
    /// Time limit for one call of a handler; exceeding it is a failure of its events.
    pub handler_timeout: Duration,
    /// Days for which handled events are remembered: the longest time after which a repeated delivery is still
    /// recognised as a duplicate. Use the same value for all replicas of a service.
    pub window_days: u16,
    /// Days for which settled dead letters are stored; `None` stores them forever.
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
    /// Batches of up to `batch_max` deliveries, at least one, with the prefetch to match.
    #[must_use]
    pub fn batches_of(batch_max: u16) -> Self {
        let batch_max = batch_max.max(1);
        Self { batch_max: usize::from(batch_max), prefetch: batch_max.saturating_mul(3), ..Self::default() }
    }

    /// Sets the number of concurrent batches, with the prefetch to match.
    #[must_use]
    pub fn with_parallel(self, parallel: u16) -> Self {
        let parallel = parallel.max(1);
        Self { parallel: usize::from(parallel), prefetch: self.prefetch.saturating_mul(parallel), ..self }
    }

    /// Sets the prefetch.
    #[must_use]
    pub fn with_prefetch(self, prefetch: u16) -> Self {
        Self { prefetch, ..self }
    }

    /// Sets the time limit for one call of a handler.
    #[must_use]
    pub fn with_handler_timeout(self, handler_timeout: Duration) -> Self {
        Self { handler_timeout, ..self }
    }

    /// Sets how many different failing events in a row count as an outage.
    #[must_use]
    pub fn with_failing_max(self, failing_max: usize) -> Self {
        Self { failing_max, ..self }
    }

    /// Sets for how many days handled events are remembered.
    #[must_use]
    pub fn with_window_days(self, window_days: u16) -> Self {
        Self { window_days: window_days.max(1), ..self }
    }

    /// Sets the limit of prefetched bytes.
    #[must_use]
    pub fn with_prefetch_bytes(self, prefetch_bytes: usize) -> Self {
        Self { prefetch_bytes, ..self }
    }

    /// Sets how long settled dead letters are stored.
    #[must_use]
    pub fn with_settled_letters_days(self, settled_letters_days: Option<u16>) -> Self {
        Self { settled_letters_days, ..self }
    }
}
