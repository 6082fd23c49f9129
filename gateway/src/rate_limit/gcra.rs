//! The generic cell rate algorithm: the state of a caller is one time, the theoretical arrival time of the next call.
//!
//! Source: ITU-T I.371, annex A (the virtual scheduling algorithm).

use std::time::Duration;

/// A sustained rate and a burst size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateLimit {
    /// Time between two calls at the sustained rate.
    pub(super) interval: Duration,
    /// Calls that may arrive at once after a pause.
    pub(super) burst: u32,
}

impl RateLimit {
    pub(super) const fn per_second(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(1_000_000 / calls as u64), burst }
    }

    pub(super) const fn per_minute(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(60_000_000 / calls as u64), burst }
    }

    pub(super) const fn per_hour(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(3_600_000_000 / calls as u64), burst }
    }

    /// This many times the calls.
    pub(super) fn times(self, multiple: u32) -> Self {
        Self { interval: self.interval / multiple, burst: self.burst * multiple }
    }

    /// Decides about a call at `now`. `arrival` is the theoretical arrival time, if there were calls before.
    ///
    /// Times are durations since any fixed moment.
    pub(super) fn check(self, arrival: Option<Duration>, now: Duration) -> Decision {
        let next = arrival.map_or(now, |arrival| arrival.max(now)) + self.interval;
        let earliest = next.saturating_sub(self.interval * self.burst);
        match earliest.checked_sub(now) {
            Some(wait) if !wait.is_zero() => Decision::Wait(wait),
            _ => Decision::Allow { arrival: next },
        }
    }
}

/// The decision about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The call is allowed.
    Allow {
        /// The next theoretical arrival time.
        arrival: Duration,
    },
    /// The call is too early by this duration.
    Wait(Duration),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_sustained_rate() {
        let rate_limit = RateLimit::per_second(10, 3);
        let mut arrival = None;
        let mut allowed = vec![];
        for tenth in 0..40_u64 {
            let now = Duration::from_secs(100) + Duration::from_millis(tenth * 50);
            if let Decision::Allow { arrival: next } = rate_limit.check(arrival, now) {
                arrival = Some(next);
                allowed.push(tenth);
            }
        }
        // Twenty calls a second, of which ten are allowed, plus two from the burst.
        assert_eq!(allowed.len(), 22);
        let now = Duration::from_secs(200);
        let first = rate_limit.check(arrival, now);
        assert_eq!(first, Decision::Allow { arrival: now + rate_limit.interval });
    }

    #[test]
    fn an_early_call_gets_the_remaining_wait() {
        let rate_limit = RateLimit::per_minute(5, 1);
        let now = Duration::from_secs(1000);
        let Decision::Allow { arrival } = rate_limit.check(None, now) else { panic!("the first call is allowed") };
        assert_eq!(
            rate_limit.check(Some(arrival), now + Duration::from_secs(2)),
            Decision::Wait(Duration::from_secs(10))
        );
    }
}
