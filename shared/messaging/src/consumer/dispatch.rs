//! Decides which deliveries are handled together, and which one after the other.

use lapin::message::Delivery;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

/// Waiting deliveries, in several queues by ordering key. Only one batch of a queue is handled at a time, so that
/// events of one key keep their order of arrival.
pub(super) struct Queues {
    queues: Vec<Queue>,
}

/// Shortest time between the starts of two batches of a queue, unless the second one is full: under load, deliveries
/// gather meanwhile, and share a transaction. A lone delivery is handled at once.
const GATHER_FOR: Duration = Duration::from_millis(4);
/// After a batch of several deliveries, the next one starts when none has arrived for this long: what was published
/// together arrives together.
const QUIET: Duration = Duration::from_millis(1);
/// Maximum wait of a delivery for others to arrive.
const WAIT_MAX: Duration = Duration::from_millis(6);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Delivery>,
    busy: bool,
    /// The start and size of its last batch.
    last: Option<(Instant, usize)>,
    /// When the first and the last of the waiting deliveries arrived.
    arrived: Option<(Instant, Instant)>,
}

impl Queue {
    fn push(&mut self, delivery: Delivery, now: Instant) {
        let first = self.arrived.map_or(now, |(first, _)| first);
        self.arrived = Some((first, now));
        self.waiting.push_back(delivery);
    }

    /// When its next batch may start; `None` while it has nothing to do or one is in progress.
    fn next_at(&self, batch_max: usize, now: Instant) -> Option<Instant> {
        if self.busy || self.waiting.is_empty() {
            return None;
        }
        let Some((started, size)) = self.last.filter(|_| self.waiting.len() < batch_max) else { return Some(now) };
        let gathered = started + GATHER_FOR;
        match self.arrived {
            Some((first, last)) if size > 1 => Some(gathered.max((last + QUIET).min(first + WAIT_MAX))),
            _ => Some(gathered),
        }
    }

    fn take(&mut self, batch_max: usize, now: Instant) -> Vec<Delivery> {
        let size = self.waiting.len().min(batch_max.max(1));
        let batch = self.waiting.drain(..size).collect();
        self.busy = true;
        self.last = Some((now, size));
        self.arrived = self.arrived.filter(|_| !self.waiting.is_empty());
        batch
    }
}

impl Queues {
    pub(super) fn new(count: usize) -> Self {
        Self { queues: (0..count.max(1)).map(|_| Queue::default()).collect() }
    }

    pub(super) fn push(&mut self, delivery: Delivery, now: Instant) {
        let index = if self.queues.len() == 1 { 0 } else { affinity(&delivery.data, self.queues.len()) };
        self.queues[index].push(delivery, now);
    }

    /// A batch of a queue that has none in progress, with the number of the queue.
    pub(super) fn next_batch(&mut self, batch_max: usize, now: Instant) -> Option<(usize, Vec<Delivery>)> {
        let ready = |queue: &Queue| queue.next_at(batch_max, now).is_some_and(|at| at <= now);
        let index = self.queues.iter().position(ready)?;
        Some((index, self.queues[index].take(batch_max, now)))
    }

    /// When [`Queues::next_batch`] may return the next batch, if there are deliveries for it.
    pub(super) fn next_at(&self, batch_max: usize, now: Instant) -> Option<Instant> {
        self.queues.iter().filter_map(|queue| queue.next_at(batch_max, now)).min()
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

    #[test]
    fn deliveries_gather_after_a_batch_and_a_lone_one_is_handled_at_once() {
        let mut queues = Queues::new(1);
        let delivery = || Delivery::mock(1, "".into(), "".into(), false, vec![]);
        let start = Instant::now();
        let after = |ms: u64| start + Duration::from_millis(ms);
        let taken = |queues: &mut Queues, at| queues.next_batch(3, at).map(|(_, batch)| batch.len());
        assert_eq!(queues.next_at(3, start), None);
        queues.push(delivery(), start);
        assert_eq!(taken(&mut queues, start), Some(1));
        queues.push(delivery(), start);
        assert_eq!(queues.next_at(3, start), None, "one batch at a time");
        queues.settled(0);
        assert_eq!(taken(&mut queues, start), None);
        assert_eq!(queues.next_at(3, start), Some(start + GATHER_FOR));
        queues.push(delivery(), start);
        assert_eq!(taken(&mut queues, after(4)), Some(2));
        queues.settled(0);
        for _ in 0..3 {
            queues.push(delivery(), after(4));
        }
        assert_eq!(taken(&mut queues, after(4)), Some(3), "it is full");
        queues.settled(0);
        queues.push(delivery(), after(20));
        assert_eq!(queues.next_at(3, after(20)), Some(after(20) + QUIET), "others arrive with it");
        queues.push(delivery(), after(21));
        assert_eq!(queues.next_at(3, after(21)), Some(after(21) + QUIET));
        assert_eq!(taken(&mut queues, after(21) + QUIET), Some(2));
        queues.settled(0);
        for ms in 30..=37 {
            queues.push(delivery(), after(ms));
        }
        assert_eq!(queues.next_at(100, after(37)), Some(after(30) + WAIT_MAX));
    }
}
