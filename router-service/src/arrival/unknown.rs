//! Remembers unknown links for a few seconds, so that repeated requests for them cause no further events.

use contracts::ids::ChequeHash;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an unknown link is remembered.
const REMEMBERED: Duration = Duration::from_secs(5);
/// Largest number of remembered links.
const LINKS_MAX: usize = 10_000;

/// Links that were not found recently.
#[derive(Default)]
pub(super) struct Unknown {
    since: Mutex<HashMap<ChequeHash, Instant>>,
}

impl Unknown {
    /// Whether the link was not found within the last seconds.
    pub(super) fn contains(&self, hash: &ChequeHash, now: Instant) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(hash).is_some_and(|since| now.duration_since(*since) < REMEMBERED)
    }

    /// Remembers an unknown link.
    pub(super) fn insert(&self, hash: ChequeHash, now: Instant) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.len() >= LINKS_MAX {
            since.retain(|_, since| now.duration_since(*since) < REMEMBERED);
        }
        // If the map is still full of recent links, this one is not remembered and may cause another event.
        if since.len() < LINKS_MAX {
            since.insert(hash, now);
        }
    }

    /// Removes a link because its cheque has arrived.
    pub(super) fn remove(&self, hash: &ChequeHash) {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_remembered_for_some_seconds_or_until_its_cheque_comes() {
        let (unknown, now) = (Unknown::default(), Instant::now());
        let hash = ChequeHash::from_random([1; 22]);
        assert!(!unknown.contains(&hash, now));
        unknown.insert(hash.clone(), now);
        assert!(unknown.contains(&hash, now + REMEMBERED / 2));
        assert!(!unknown.contains(&hash, now + REMEMBERED));
        unknown.remove(&hash);
        assert!(!unknown.contains(&hash, now));
    }

    #[test]
    fn memory_is_bounded() {
        let (unknown, now) = (Unknown::default(), Instant::now());
        for number in 0..LINKS_MAX + 10 {
            let mut digits = [0; 22];
            digits[0] = u8::try_from(number % 62).unwrap();
            digits[1] = u8::try_from(number / 62 % 62).unwrap();
            digits[2] = u8::try_from(number / 62 / 62).unwrap();
            unknown.insert(ChequeHash::from_random(digits), now);
        }
        assert_eq!(unknown.since.lock().unwrap().len(), LINKS_MAX);
    }
}
