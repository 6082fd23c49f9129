//! Batches concurrent items, so that requests share a transaction under load. No item waits for a timer.
//!
//! An idle worker takes a single item at once. While all workers are busy, items wait, and the next free worker takes
//! all waiting items: the higher the load, the lower the cost per item.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Most waiting items; further ones wait for space in the queue.
const QUEUE_MAX: usize = 4096;

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
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..workers {
            tokio::spawn(run(Arc::clone(&receiver), items_max, work.clone()));
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

async fn run<T, R, W, F>(receiver: Arc<Mutex<mpsc::Receiver<Submitted<T, R>>>>, items_max: usize, work: W)
where
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<R>> + Send + 'static,
    R: Send + 'static,
{
    loop {
        let mut batch = Vec::new();
        // The lock is held only while taking items: the next worker waits for items while this one works.
        if receiver.lock().await.recv_many(&mut batch, items_max).await == 0 {
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
    use std::time::Duration;
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
