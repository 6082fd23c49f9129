//! The generic cell rate algorithm: one moment per caller, the theoretical arrival time of the next call, says it all.
//!
//! Source: ITU-T I.371, annex A (the virtual scheduling algorithm).

use std::time::Duration;

/// A steady rate, and how many calls may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Between two calls at the steady rate.
    pub(super) interval: Duration,
    /// Calls that may come at once after a pause.
    pub(super) burst: u32,
}

impl Quota {
    pub(super) const fn per_second(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(1_000_000 / calls as u64), burst }
    }

    pub(super) const fn per_minute(calls: u32, burst: u32) -> Self {
        Self { interval: Duration::from_micros(60_000_000 / calls as u64), burst }
    }

    /// What a call `now` does to the theoretical arrival time, which was `arrival` if there was a call before.
    ///
    /// Times are since any fixed moment.
    pub(super) fn call(self, arrival: Option<Duration>, now: Duration) -> Verdict {
        let next = arrival.map_or(now, |arrival| arrival.max(now)) + self.interval;
        let earliest = next.saturating_sub(self.interval * self.burst);
        match earliest.checked_sub(now) {
            Some(wait) if !wait.is_zero() => Verdict::Wait(wait),
            _ => Verdict::Go { arrival: next },
        }
    }
}

/// What comes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes, and this is the next theoretical arrival time.
    Go {
        /// The next theoretical arrival time.
        arrival: Duration,
    },
    /// It is too early by so much.
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
        // Twenty tries a second, of which ten go, after two that come out of the burst.
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
