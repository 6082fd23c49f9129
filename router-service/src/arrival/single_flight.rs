//! Serialises tasks per key: concurrent tasks for one key run one after another, so later ones find the work done.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// One lock per key; an idle key takes no memory.
pub(super) struct SingleFlight<K> {
    locks: Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

/// The exclusive right to work on a key; released when dropped.
pub(super) struct FlightGuard<'a, K: Eq + Hash> {
    flights: &'a SingleFlight<K>,
    key: K,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K> Default for SingleFlight<K> {
    fn default() -> Self {
        Self { locks: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone> SingleFlight<K> {
    /// Waits until no other task works on the key.
    pub(super) async fn acquire(&self, key: &K) -> FlightGuard<'_, K> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(key.clone()).or_default())
        };
        // Created before waiting, so that a cancelled waiter cleans up too.
        let mut guard = FlightGuard { flights: self, key: key.clone(), guard: None };
        guard.guard = Some(lock.lock_owned().await);
        guard
    }
}

impl<K: Eq + Hash> Drop for FlightGuard<'_, K> {
    fn drop(&mut self) {
        self.guard = None;
        let mut locks = self.flights.locks.lock().unwrap_or_else(PoisonError::into_inner);
        // No other task holds or awaits the lock: the map has the only reference.
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn flights_of_one_key_run_one_after_another_and_leave_no_lock() {
        let flights = SingleFlight::default();
        let first = flights.acquire(&1).await;
        let other = flights.acquire(&2).await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), flights.acquire(&1)).await;
        assert!(waiting.is_err(), "another task works on the key");
        drop((first, other));
        drop(flights.acquire(&1).await);
        assert!(flights.locks.lock().unwrap().is_empty());
    }
}
