//! Links that lead nowhere are remembered for some seconds, so that guessing costs no event each.

use contracts::ids::ChequeHash;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a link that led nowhere is not asked for again.
const REMEMBERED: Duration = Duration::from_secs(5);
/// How many are remembered at most.
const LINKS_MAX: usize = 10_000;

/// Links that led nowhere just now.
#[derive(Default)]
pub(super) struct Unknown {
    since: Mutex<HashMap<ChequeHash, Instant>>,
}

impl Unknown {
    /// Whether the link led nowhere some seconds ago.
    pub(super) fn contains(&self, hash: &ChequeHash, now: Instant) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(hash).is_some_and(|since| now.duration_since(*since) < REMEMBERED)
    }

    /// Remembers a link that led nowhere.
    pub(super) fn insert(&self, hash: ChequeHash, now: Instant) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.len() >= LINKS_MAX {
            since.retain(|_, since| now.duration_since(*since) < REMEMBERED);
        }
        // Still full of fresh ones: then this one costs another event.
        if since.len() < LINKS_MAX {
            since.insert(hash, now);
        }
    }

    /// Forgets a link: its cheque has come after all.
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
