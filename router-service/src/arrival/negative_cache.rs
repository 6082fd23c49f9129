//! Remembers unknown links for a few seconds, so that repeated requests for them cause no further events.

use contracts::ids::ChequeHash;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an unknown link is remembered.
const TTL: Duration = Duration::from_secs(5);
/// Largest number of remembered links.
const LINKS_MAX: usize = 10_000;

/// Links that were not found recently.
#[derive(Default)]
pub(super) struct NegativeCache {
    missed_at: Mutex<HashMap<ChequeHash, Instant>>,
}

impl NegativeCache {
    /// Whether the link was not found within the last seconds.
    pub(super) fn contains(&self, hash: &ChequeHash, now: Instant) -> bool {
        let missed_at = self.missed_at.lock().unwrap_or_else(PoisonError::into_inner);
        missed_at.get(hash).is_some_and(|missed_at| now.duration_since(*missed_at) < TTL)
    }

    /// Remembers an unknown link.
    pub(super) fn insert(&self, hash: ChequeHash, now: Instant) {
        let mut missed_at = self.missed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if missed_at.len() >= LINKS_MAX {
            missed_at.retain(|_, missed_at| now.duration_since(*missed_at) < TTL);
        }
        // If the map is still full of recent links, this one is not remembered and may cause another event.
        if missed_at.len() < LINKS_MAX {
            missed_at.insert(hash, now);
        }
    }

    /// Removes a link because its cheque has arrived.
    pub(super) fn remove(&self, hash: &ChequeHash) {
        self.missed_at.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_remembered_for_some_seconds_or_until_its_cheque_comes() {
        let (cache, now) = (NegativeCache::default(), Instant::now());
        let hash = ChequeHash::from_random([1; 22]);
        assert!(!cache.contains(&hash, now));
        cache.insert(hash.clone(), now);
        assert!(cache.contains(&hash, now + TTL / 2));
        assert!(!cache.contains(&hash, now + TTL));
        cache.remove(&hash);
        assert!(!cache.contains(&hash, now));
    }

    #[test]
    fn memory_is_bounded() {
        let (cache, now) = (NegativeCache::default(), Instant::now());
        for number in 0..LINKS_MAX + 10 {
            let mut digits = [0; 22];
            digits[0] = u8::try_from(number % 62).unwrap();
            digits[1] = u8::try_from(number / 62 % 62).unwrap();
            digits[2] = u8::try_from(number / 62 / 62).unwrap();
            cache.insert(ChequeHash::from_random(digits), now);
        }
        assert_eq!(cache.missed_at.lock().unwrap().len(), LINKS_MAX);
    }
}
