//! One at a time per key: who comes while another is at work waits, and finds the work done.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OwnedMutexGuard;

/// Queues by key; a key without anybody waiting takes no memory.
pub(super) struct Turns<K> {
    queues: Mutex<HashMap<K, Arc<tokio::sync::Mutex<()>>>>,
}

/// Somebody's turn; it ends when dropped.
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
    /// Waits for one's turn.
    pub(super) async fn wait(&self, key: &K) -> Turn<'_, K> {
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(queues.entry(key.clone()).or_default())
        };
        // Made before waiting: one that is cancelled while it waits cleans up too.
        let mut turn = Turn { turns: self, key: key.clone(), guard: None };
        turn.guard = Some(queue.lock_owned().await);
        turn
    }
}

impl<K: Eq + Hash> Drop for Turn<'_, K> {
    fn drop(&mut self) {
        self.guard = None;
        let mut queues = self.turns.queues.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody else holds the queue: the map alone counts 1.
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
        assert!(waiting.is_err(), "it is somebody else's turn");
        drop((first, other));
        drop(turns.wait(&1).await);
        assert!(turns.queues.lock().unwrap().is_empty());
    }
}
