//! How much a client may send: a token bucket.

use std::time::Duration;
use tokio::time::Instant;

/// A sustained rate, and how much may arrive at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units per second. A value above a million counts as a million.
    pub per_second: u32,
    /// Units that may arrive at once.
    pub burst: u32,
}

/// What is left of a [`Rate`], as the time at which all of it will be available again.
#[derive(Debug)]
pub(crate) struct Budget {
    rate: Rate,
    full_at: Instant,
}

impl Budget {
    /// The whole burst.
    pub(crate) fn full(rate: Rate) -> Self {
        Self { rate, full_at: Instant::now() }
    }

    /// Takes units; false if there are not enough.
    pub(crate) fn spend(&mut self, units: usize, now: Instant) -> bool {
        let one = Duration::from_micros(1_000_000 / u64::from(self.rate.per_second.clamp(1, 1_000_000)));
        let taken = one.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX));
        self.full_at = self.full_at.max(now) + taken;
        self.full_at - now <= one.saturating_mul(self.rate.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let (mut budget, start) = (Budget::full(Rate { per_second: 10, burst: 3 }), Instant::now());
        let spent = |budget: &mut Budget, units, millis| budget.spend(units, start + Duration::from_millis(millis));
        assert!(spent(&mut budget, 3, 0));
        assert!((1..100).all(|tenth| spent(&mut budget, 1, tenth * 100)));
        assert!(spent(&mut budget, 3, 60_000) && !spent(&mut budget, 1, 60_000));
    }
}
