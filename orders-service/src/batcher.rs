//! Batches concurrent items, so that requests share a transaction under load.
//!
//! A lone item is taken at once. Under load, items gather for some milliseconds, or until a worker is free, which takes
//! all of them: the higher the load, the lower the cost per item. All later steps profit: what is committed together is
//! published together, and handled together.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

/// Most waiting items; further ones wait for space in the queue.
const QUEUE_MAX: usize = 4096;

/// Shortest time between a batch of one item and the next batch, unless that one is full.
const GATHER_AFTER_ONE: Duration = Duration::from_millis(4);
/// Shortest time between a batch of several items and the next batch, unless that one is full or no item arrives.
const GATHER_AFTER_SEVERAL: Duration = Duration::from_millis(8);
/// Nothing gathers if no item arrives for this long: all clients may be waiting for their results.
const QUIET: Duration = Duration::from_millis(3);

/// An item, and the channel for its result.
type Submitted<T, R> = (T, oneshot::Sender<R>);

/// The queue of the workers; cheap to clone. The workers end when the last clone is dropped.
pub struct Batcher<T, R> {
    queue: mpsc::Sender<Submitted<T, R>>,
}

/// The worker panicked, or the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no worker completed the item")]
pub struct WorkerGone;

impl<T, R> Clone for Batcher<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<T: Send + 'static, R: Send + 'static> Batcher<T, R> {
    /// Starts `workers` tasks. Each passes up to `items_max` items at a time to `work`, which returns their results in
    /// the same order.
    pub fn start<W, F>(workers: usize, items_max: usize, work: W) -> Self
    where
        W: Fn(Vec<T>) -> F + Clone + Send + 'static,
        F: Future<Output = Vec<R>> + Send + 'static,
    {
        let (queue, receiver) = mpsc::channel(QUEUE_MAX);
        let queue_end = Arc::new(Mutex::new(QueueEnd { receiver, gather_until: None }));
        for _ in 0..workers {
            tokio::spawn(run(Arc::clone(&queue_end), items_max, work.clone()));
        }
        Self { queue }
    }

    /// Submits an item and waits for its result.
    ///
    /// Once a worker has taken the item, it is processed even if the caller stops waiting.
    ///
    /// # Errors
    /// [`WorkerGone`]: the item may or may not have been processed.
    pub async fn submit(&self, item: T) -> Result<R, WorkerGone> {
        let (sender, receiver) = oneshot::channel();
        self.queue.send((item, sender)).await.map_err(|_| WorkerGone)?;
        receiver.await.map_err(|_| WorkerGone)
    }
}

/// Where workers take items.
struct QueueEnd<T, R> {
    receiver: mpsc::Receiver<Submitted<T, R>>,
    /// Until when the next batch gathers.
    gather_until: Option<Instant>,
}

impl<T, R> QueueEnd<T, R> {
    /// The next batch; empty if there will be none.
    async fn take(&mut self, items_max: usize) -> Vec<Submitted<T, R>> {
        let mut batch = Vec::new();
        self.receiver.recv_many(&mut batch, items_max).await;
        if let Some(until) = self.gather_until.filter(|_| !batch.is_empty()) {
            self.gather(&mut batch, items_max, until).await;
        }
        self.gather_until = Some(gather_until(Instant::now(), batch.len()));
        batch
    }

    async fn gather(&mut self, batch: &mut Vec<Submitted<T, R>>, items_max: usize, until: Instant) {
        while batch.len() < items_max {
            let Some(wait_until) = wait_until(Instant::now(), until) else { return };
            let more = self.receiver.recv_many(batch, items_max - batch.len());
            match tokio::time::timeout_at(wait_until, more).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }
}

/// Until when the next batch gathers, after one of this size was taken.
fn gather_until(now: Instant, taken: usize) -> Instant {
    now + if taken > 1 { GATHER_AFTER_SEVERAL } else { GATHER_AFTER_ONE }
}

/// Until when to wait for one more item, if the batch gathers until `until`.
fn wait_until(now: Instant, until: Instant) -> Option<Instant> {
    (now < until).then(|| until.min(now + QUIET))
}

async fn run<T, R, W, F>(queue_end: Arc<Mutex<QueueEnd<T, R>>>, items_max: usize, work: W)
where
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<R>> + Send + 'static,
    R: Send + 'static,
{
    loop {
        // The lock is held only while taking items: the next worker waits for items while this one works.
        let batch = queue_end.lock().await.take(items_max).await;
        if batch.is_empty() {
            return;
        }
        let (items, senders): (Vec<T>, Vec<oneshot::Sender<R>>) = batch.into_iter().unzip();
        // A separate task, so that a panic affects only the items of this batch.
        let Ok(results) = tokio::spawn(work(items)).await else { continue };
        for (sender, result) in senders.into_iter().zip(results) {
            // The caller may have stopped waiting.
            let _ = sender.send(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn a_single_item_is_processed_at_once() {
        let batcher = Batcher::start(1, 8, |items: Vec<u32>| async move { items });
        let submitted = tokio::time::timeout(Duration::from_secs(5), batcher.submit(7));
        assert_eq!(submitted.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn items_that_arrive_while_the_worker_is_busy_are_batched_and_each_gets_its_result() {
        let (started, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let batcher = Batcher::start(1, 100, {
            let (started, gate) = (Arc::clone(&started), Arc::clone(&gate));
            move |items: Vec<usize>| {
                let (started, gate) = (Arc::clone(&started), Arc::clone(&gate));
                async move {
                    started.add_permits(1);
                    gate.acquire().await.unwrap().forget();
                    let together = items.len();
                    items.into_iter().map(|item| (item, together)).collect()
                }
            }
        });
        let first = tokio::spawn({
            let batcher = batcher.clone();
            async move { batcher.submit(0).await }
        });
        started.acquire().await.unwrap().forget();
        let others: Vec<_> = (1..=10)
            .map(|item| {
                let batcher = batcher.clone();
                tokio::spawn(async move { batcher.submit(item).await })
            })
            .collect();
        while batcher.queue.capacity() > QUEUE_MAX - 10 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(2);
        assert_eq!(first.await.unwrap(), Ok((0, 1)));
        for (index, other) in others.into_iter().enumerate() {
            assert_eq!(other.await.unwrap(), Ok((index + 1, 10)));
        }
    }

    #[test]
    fn several_items_promise_more_of_them_until_none_arrives() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        assert_eq!(gather_until(now, 1), now + ms(4));
        assert_eq!(gather_until(now, 2), now + ms(8));
        assert_eq!(wait_until(now, now + ms(2)), Some(now + ms(2)));
        assert_eq!(wait_until(now, now + ms(8)), Some(now + QUIET));
        assert_eq!(wait_until(now, now), None);
    }

    #[tokio::test]
    async fn items_gather_after_a_batch_and_a_lone_one_is_taken_at_once() {
        let (sender, receiver) = mpsc::channel(8);
        let mut queue_end = QueueEnd { receiver, gather_until: None };
        let item = |item: u32| (item, oneshot::channel::<()>().0);
        sender.send(item(0)).await.unwrap();
        assert_eq!(queue_end.take(3).await.len(), 1);

        // As if the last batch had just been taken for the next hour.
        queue_end.gather_until = Some(Instant::now() + Duration::from_hours(1));
        let gathering = tokio::spawn(async move { (queue_end.take(3).await.len(), queue_end) });
        for number in 1..=3 {
            sender.send(item(number)).await.unwrap();
            tokio::task::yield_now().await;
        }
        let (gathered, mut queue_end) = gathering.await.unwrap();
        assert_eq!(gathered, 3);

        queue_end.gather_until = Some(Instant::now());
        sender.send(item(4)).await.unwrap();
        assert_eq!(queue_end.take(3).await.len(), 1);
    }

    #[tokio::test]
    async fn a_panic_fails_its_batch_and_the_next_is_processed() {
        let batcher = Batcher::start(1, 8, |items: Vec<u32>| async move {
            assert_ne!(items, [1], "the panic of this test");
            items
        });
        assert_eq!(batcher.submit(1).await, Err(WorkerGone));
        assert_eq!(batcher.submit(2).await, Ok(2));
    }
}
