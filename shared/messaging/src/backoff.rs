//! Exponential backoff with full jitter, so that replicas don't retry at the same moment.

use std::time::Duration;

/// Exponential backoff with full jitter between a smallest and a largest bound.
///
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// For connections: 100 ms to 10 s.
    pub(crate) fn for_connections() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(10))
    }

    /// Resets the backoff after a success.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after another failure: random, at most the current bound and at least a tenth of it.
    pub(crate) fn next(&mut self) -> Duration {
        let bound = bound(self.first, self.longest, self.failures);
        self.failures = self.failures.saturating_add(1);
        bound.mul_f64(rand::random_range(0.1..=1.0))
    }
}

/// `first * 2^failures`, at most `longest`.
pub(crate) fn bound(first: Duration, longest: Duration, failures: u32) -> Duration {
    2_u32.checked_pow(failures).and_then(|factor| first.checked_mul(factor)).map_or(longest, |wait| wait.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_its_limit() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_secs(10));
        assert_eq!(bound(first, longest, 0), first);
        assert_eq!(bound(first, longest, 3), Duration::from_millis(800));
        assert_eq!(bound(first, longest, 7), longest);
        assert_eq!(bound(first, longest, u32::MAX), longest);
    }

    #[test]
    fn a_wait_is_never_nothing_and_never_beyond_the_bound() {
        let mut backoff = Backoff::for_connections();
        for _ in 0..100 {
            let wait = backoff.next();
            assert!(wait >= Duration::from_millis(10) && wait <= Duration::from_secs(10));
        }
    }
}
