//! Decides which deliveries are handled together, and which one after the other.

use lapin::message::Delivery;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Waiting deliveries, in several queues by ordering key. Only one batch of a queue is handled at a time, so that
/// events of one key keep their order of arrival.
pub(super) struct Queues {
    queues: Vec<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Delivery>,
    busy: bool,
}

impl Queues {
    pub(super) fn new(count: usize) -> Self {
        Self { queues: (0..count.max(1)).map(|_| Queue::default()).collect() }
    }

    pub(super) fn push(&mut self, delivery: Delivery) {
        let index = if self.queues.len() == 1 { 0 } else { affinity(&delivery.data, self.queues.len()) };
        self.queues[index].waiting.push_back(delivery);
    }

    /// A batch of a queue that has none in progress, with the number of the queue.
    pub(super) fn next_batch(&mut self, batch_max: usize) -> Option<(usize, Vec<Delivery>)> {
        let ready = |queue: &Queue| !queue.busy && !queue.waiting.is_empty();
        let index = self.queues.iter().position(ready)?;
        let queue = &mut self.queues[index];
        queue.busy = true;
        let size = queue.waiting.len().min(batch_max.max(1));
        Some((index, queue.waiting.drain(..size).collect()))
    }

    /// The batch of this queue is settled.
    pub(super) fn settled(&mut self, index: usize) {
        self.queues[index].busy = false;
    }

    /// The number of waiting deliveries.
    pub(super) fn len(&self) -> usize {
        self.queues.iter().map(|queue| queue.waiting.len()).sum()
    }
}

/// The queue of an event: the same for all events of one key. A message that is not an event may go to any.
fn affinity(body: &[u8], count: usize) -> usize {
    #[derive(Deserialize)]
    struct Key<'a> {
        #[serde(borrow)]
        partitionkey: Cow<'a, str>,
    }

    let mut hasher = DefaultHasher::new();
    match serde_json::from_slice::<Key<'_>>(body) {
        Ok(key) => key.partitionkey.hash(&mut hasher),
        Err(_) => body.hash(&mut hasher),
    }
    usize::try_from(hasher.finish() % count as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_key_have_one_queue_and_keys_are_spread() {
        let body = |key: usize, n: usize| format!(r#"{{"id":"{n}","partitionkey":"{key}","data":{{}}}}"#);
        let of = |key, n| affinity(body(key, n).as_bytes(), 4);
        assert!((0..100).all(|key| of(key, 1) == of(key, 2)));
        let used: std::collections::BTreeSet<usize> = (0..100).map(|key| of(key, 1)).collect();
        assert_eq!(used.len(), 4);
        assert!(affinity(b"no event", 4) < 4);
    }
}
