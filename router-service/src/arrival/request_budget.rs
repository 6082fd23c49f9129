//! How many cheques may be requested from ocr-service per second. A request is an event, thus a row in the outbox, and
//! anyone can cause one by inventing a link; a link that is not invented causes one only when its event has not arrived
//! yet and the cache has lost it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests at once after a pause: a table of people who open one link cause one.
const BURST: u32 = 16;
/// Time between two requests after that: eight a second.
const INTERVAL: Duration = Duration::from_millis(125);

/// The budget of a replica, which starts full.
#[derive(Default)]
pub(super) struct RequestBudget {
    /// When all that was spent will be available again.
    full_at: Mutex<Option<Instant>>,
}

impl RequestBudget {
    /// Spends one request, if one is left.
    pub(super) fn spend(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.map_or(now, |full_at| full_at.max(now)) + INTERVAL;
        let is_left = next <= now + INTERVAL * BURST;
        if is_left {
            *full_at = Some(next);
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_eight_a_second() {
        let (budget, start) = (RequestBudget::default(), Instant::now());
        let spent = |second: u64| (0..200).filter(|_| budget.spend(start + Duration::from_secs(second))).count();
        assert_eq!([spent(0), spent(0), spent(1), spent(1), spent(60)], [16, 0, 8, 0, 16]);
    }
}
