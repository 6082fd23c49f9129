//! How many deliveries to prefetch, so that their size stays below a number of bytes.
//!
//! RabbitMQ counts deliveries, not bytes (`prefetch_size` is not implemented), and the prefetch of a subscription is
//! fixed when it begins. So the sizes of deliveries decide whether to subscribe again with another prefetch.

/// The assumed size of a delivery before any was seen: most events are far smaller than the maximum of 256 KiB.
const EXPECTED_BYTES: usize = 32 * 1024;
/// Deliveries after which a large one no longer counts.
const MEMORY: u32 = 1_000;

/// Computes the prefetch.
#[derive(Clone, Debug)]
pub(super) struct Prefetch {
    rows_max: u16,
    bytes_max: usize,
    /// The largest recent delivery.
    largest: usize,
    /// The largest delivery since `seen` was 0.
    largest_since: usize,
    seen: u32,
}

impl Prefetch {
    pub(super) fn new(rows_max: u16, bytes_max: usize) -> Self {
        Self { rows_max: rows_max.max(1), bytes_max, largest: EXPECTED_BYTES, largest_since: 0, seen: 0 }
    }

    /// The prefetch for a subscription that begins now.
    pub(super) fn recommended(&self) -> u16 {
        let rows = self.bytes_max / self.largest.max(1);
        u16::try_from(rows).unwrap_or(u16::MAX).clamp(1, self.rows_max)
    }

    /// Records the size of a delivery; returns whether to replace a subscription with `current`.
    pub(super) fn observe(&mut self, bytes: usize, current: u16) -> bool {
        self.largest = self.largest.max(bytes);
        self.largest_since = self.largest_since.max(bytes);
        self.seen += 1;
        if self.seen >= MEMORY {
            self.largest = self.largest_since.max(1);
            (self.largest_since, self.seen) = (0, 0);
        }
        let recommended = self.recommended();
        // A small difference is not worth a new subscription.
        recommended < current / 2 + current % 2 || recommended / 2 >= current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_deliveries_lower_the_number_and_small_ones_raise_it_after_a_while() {
        let mut prefetch = Prefetch::new(96, 32 * 1024 * 1024);
        assert_eq!(prefetch.recommended(), 96);
        assert!(!prefetch.observe(500, 96));
        assert!(prefetch.observe(4 * 1024 * 1024, 96));
        assert_eq!(prefetch.recommended(), 8);
        let raised = (0..3_000).find(|_| prefetch.observe(500, 8));
        assert!(raised.is_some_and(|after| after > 900), "{raised:?}");
        assert_eq!(prefetch.recommended(), 96);
    }

    #[test]
    fn one_is_always_taken() {
        let mut prefetch = Prefetch::new(10, 1_000);
        prefetch.observe(1_000_000, 10);
        assert_eq!(prefetch.recommended(), 1);
    }
}
