//! The limits of a consumer.

/// How much a consumer takes at once, and when it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// Deliveries handled in one transaction at most: what has already arrived, never waiting for more.
    ///
    /// 32 for handlers of single events, whose statements go to the database one by one anyway; a handler of sets
    /// gains up to 128 or so.
    pub batch_max: usize,
    /// Deliveries that the broker hands out ahead: three batches, so that the next is there while one is committed
    /// and one is acknowledged. A crash counts against all of them, so it is not larger than it helps.
    pub prefetch: u16,
    /// So many different events in a row that fail all their tries, although the database is well, are an outage of
    /// something else: the consumer pauses instead of sending everything up the ladder.
    pub failing_max: usize,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        Self { batch_max: 32, prefetch: 96, failing_max: 10 }
    }
}

impl ConsumerOptions {
    /// Batches of up to `batch_max` deliveries, at least one, and as much prefetched as keeps them full.
    #[must_use]
    pub fn batches_of(batch_max: u16) -> Self {
        let batch_max = batch_max.max(1);
        Self { batch_max: usize::from(batch_max), prefetch: batch_max.saturating_mul(3), ..Self::default() }
    }
}
