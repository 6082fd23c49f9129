//! The generic cell rate algorithm: the state of a caller is one time, the theoretical arrival time of the next call.
//!
//! Source: ITU-T I.371, annex A (the virtual scheduling algorithm).

use std::time::Duration;

/// A sustained rate and a burst size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Time between two calls at the sustained rate.
    pub(super) interval: Duration,
    /// Calls that may arrive at once after a pause.
    pub(super) burst: u32,
}

impl Quota {
    pub(super) const fn per_second(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(1_000_000 / calls as u64), burst }
    }

    pub(super) const fn per_minute(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(60_000_000 / calls as u64), burst }
    }

    /// Decides about a call at `now`. `arrival` is the theoretical arrival time, if there were calls before.
    ///
    /// Times are durations since any fixed moment.
    pub(super) fn call(self, arrival: Option<Duration>, now: Duration) -> Verdict {
        let next = arrival.map_or(now, |arrival| arrival.max(now)) + self.interval;
        let earliest = next.saturating_sub(self.interval * self.burst);
        match earliest.checked_sub(now) {
            Some(wait) if !wait.is_zero() => Verdict::Wait(wait),
            _ => Verdict::Go { arrival: next },
        }
    }
}

/// The decision about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The call is allowed.
    Go {
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
    fn a_burst_goes_and_then_the_steady_rate() {
        let quota = Quota::per_second(10, 3);
        let mut arrival = None;
        let mut gone = vec![];
        for tenth in 0..40_u64 {
            let now = Duration::from_secs(100) + Duration::from_millis(tenth * 50);
            if let Verdict::Go { arrival: next } = quota.call(arrival, now) {
                arrival = Some(next);
                gone.push(tenth);
            }
        }
        // Twenty calls a second, of which ten are allowed, plus two from the burst.
        assert_eq!(gone.len(), 22);
        let now = Duration::from_secs(200);
        let first = quota.call(arrival, now);
        assert_eq!(first, Verdict::Go { arrival: now + quota.interval });
    }

    #[test]
    fn who_comes_too_early_learns_by_how_much() {
        let quota = Quota::per_minute(5, 1);
        let now = Duration::from_secs(1000);
        let Verdict::Go { arrival } = quota.call(None, now) else { panic!("the first call goes") };
        assert_eq!(quota.call(Some(arrival), now + Duration::from_secs(2)), Verdict::Wait(Duration::from_secs(10)));
    }
}
