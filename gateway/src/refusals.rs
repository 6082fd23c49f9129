//! Refused tokens and refused pages of administrators, which are counted for the audit trail of users-service.

use crate::auth::RefusalReason;
use serde::Serialize;
use std::collections::HashMap;
use std::mem::take;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Different refusals in memory; more are counted by reason only.
const DIFFERENT_MAX: usize = 1000;

/// The refusals that are not reported yet.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Key, Counted>>);

/// What makes two refusals different.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
struct Key {
    reason: RefusalReason,
    user: Option<i64>,
    address: Option<IpAddr>,
}

#[derive(Serialize)]
struct Counted {
    count: u32,
    /// Of the first one.
    request_id: Option<String>,
}

/// Equal refusals, as reported.
#[derive(Serialize)]
pub(crate) struct Refusal {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    counted: Counted,
}

impl Refusals {
    /// Counts a refusal.
    pub(crate) fn count(&self, reason: RefusalReason, user: Option<i64>, address: IpAddr, request_id: Option<String>) {
        self.add(Key { reason, user, address: Some(address) }, Counted { count: 1, request_id });
    }

    /// All refusals, which are no longer counted here.
    pub(crate) fn take(&self) -> Vec<Refusal> {
        take(&mut *self.lock()).into_iter().map(|(key, counted)| Refusal { key, counted }).collect()
    }

    /// Counts refusals again that could not be reported.
    pub(crate) fn put_back(&self, refusals: Vec<Refusal>) {
        for Refusal { key, counted } in refusals {
            self.add(key, counted);
        }
    }

    fn add(&self, key: Key, more: Counted) {
        let mut refusals = self.lock();
        let is_full = refusals.len() >= DIFFERENT_MAX;
        let key = if is_full && !refusals.contains_key(&key) { Key { user: None, address: None, ..key } } else { key };
        let counted = refusals.entry(key).or_insert(Counted { count: 0, request_id: more.request_id });
        counted.count = counted.count.saturating_add(more.count);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Counted>> {
        // After a panic while the lock was held, the entries are still valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_takes_bounded_memory_and_none_is_forgotten() {
        let refusals = Refusals::default();
        for n in 0..5000_u32 {
            for _ in 0..2 {
                let address = Some(IpAddr::V4(n.into()));
                let key = Key { reason: RefusalReason::InvalidToken, user: None, address };
                refusals.add(key, Counted { count: 1, request_id: Some(n.to_string()) });
            }
        }
        let taken = refusals.take();
        refusals.put_back(taken);
        let taken = refusals.take();
        // One more than that counts what was too much.
        assert!(taken.len() <= DIFFERENT_MAX + 1, "{}", taken.len());
        assert_eq!(taken.iter().map(|refusal| refusal.counted.count).sum::<u32>(), 10_000);
    }
}
