//! Serialises tasks per key: concurrent tasks for one key run one after another, so later ones find the work done.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// One queue per key; an idle key takes no memory.
pub(super) struct Turns<K> {
    queues: Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

/// The exclusive right to work on a key; released when dropped.
pub(super) struct Turn<'a, K: Eq + Hash> {
    turns: &'a Turns<K>,
    key: K,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self { queues: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone> Turns<K> {
    /// Waits until no other task works on the key.
    pub(super) async fn wait(&self, key: &K) -> Turn<'_, K> {
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(queues.entry(key.clone()).or_default())
        };
        // Created before waiting, so that a cancelled waiter cleans up too.
        let mut turn = Turn { turns: self, key: key.clone(), guard: None };
        turn.guard = Some(queue.lock_owned().await);
        turn
    }
}

impl<K: Eq + Hash> Drop for Turn<'_, K> {
    fn drop(&mut self) {
        self.guard = None;
        let mut queues = self.turns.queues.lock().unwrap_or_else(PoisonError::into_inner);
        // No other task holds or awaits the lock: the map has the only reference.
        if queues.get(&self.key).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_of_one_key_follow_each_other_and_leave_nothing_behind() {
        let turns = Turns::default();
        let first = turns.wait(&1).await;
        let other = turns.wait(&2).await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), turns.wait(&1)).await;
        assert!(waiting.is_err(), "another task works on the key");
        drop((first, other));
        drop(turns.wait(&1).await);
        assert!(turns.queues.lock().unwrap().is_empty());
    }
}
