//! Batches concurrent items, so that requests share a transaction under load. No item waits for a timer.
//!
//! An idle worker takes a single item at once. While all workers are busy, items wait, and the next free worker takes
//! all waiting items: the higher the load, the lower the cost per item.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Most waiting items; further ones wait for space in the queue.
const WAITING_MAX: usize = 4096;

/// An item, and the channel for its result.
type Asked<T, R> = (T, oneshot::Sender<R>);

/// The queue of the workers; cheap to clone. The workers end when the last clone is dropped.
pub struct Gather<T, R> {
    waiting: mpsc::Sender<Asked<T, R>>,
}

/// The worker panicked, or the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no worker completed the item")]
pub struct Gone;

impl<T, R> Clone for Gather<T, R> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone() }
    }
}

impl<T: Send + 'static, R: Send + 'static> Gather<T, R> {
    /// Starts `workers` tasks. Each passes up to `items_max` items at a time to `work`, which returns their results in
    /// the same order.
    pub fn start<W, F>(workers: usize, items_max: usize, work: W) -> Self
    where
        W: Fn(Vec<T>) -> F + Clone + Send + 'static,
        F: Future<Output = Vec<R>> + Send + 'static,
    {
        let (waiting, arrived) = mpsc::channel(WAITING_MAX);
        let arrived = Arc::new(Mutex::new(arrived));
        for _ in 0..workers {
            tokio::spawn(run(Arc::clone(&arrived), items_max, work.clone()));
        }
        Self { waiting }
    }

    /// Submits an item and waits for its result.
    ///
    /// Once a worker has taken the item, it is processed even if the caller stops waiting.
    ///
    /// # Errors
    /// [`Gone`]: the item may or may not have been processed.
    pub async fn ask(&self, item: T) -> Result<R, Gone> {
        let (answer, answered) = oneshot::channel();
        self.waiting.send((item, answer)).await.map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }
}

async fn run<T, R, W, F>(arrived: Arc<Mutex<mpsc::Receiver<Asked<T, R>>>>, items_max: usize, work: W)
where
    W: Fn(Vec<T>) -> F,
    F: Future<Output = Vec<R>> + Send + 'static,
    R: Send + 'static,
{
    loop {
        let mut taken = Vec::new();
        // The lock is held only while taking items: the next worker waits for items while this one works.
        if arrived.lock().await.recv_many(&mut taken, items_max).await == 0 {
            return;
        }
        let (items, answers): (Vec<T>, Vec<oneshot::Sender<R>>) = taken.into_iter().unzip();
        // A separate task, so that a panic affects only the items of this batch.
        let Ok(results) = tokio::spawn(work(items)).await else { continue };
        for (answer, result) in answers.into_iter().zip(results) {
            // The caller may have stopped waiting.
            let _ = answer.send(result);
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
        let gather = Gather::start(1, 8, |items: Vec<u32>| async move { items });
        let asked = tokio::time::timeout(Duration::from_secs(5), gather.ask(7));
        assert_eq!(asked.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn items_that_arrive_while_the_worker_is_busy_are_batched_and_each_gets_its_result() {
        let (begun, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gather = Gather::start(1, 100, {
            let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
            move |items: Vec<usize>| {
                let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
                async move {
                    begun.add_permits(1);
                    gate.acquire().await.unwrap().forget();
                    let together = items.len();
                    items.into_iter().map(|item| (item, together)).collect()
                }
            }
        });
        let first = tokio::spawn({
            let gather = gather.clone();
            async move { gather.ask(0).await }
        });
        begun.acquire().await.unwrap().forget();
        let others: Vec<_> = (1..=10)
            .map(|item| {
                let gather = gather.clone();
                tokio::spawn(async move { gather.ask(item).await })
            })
            .collect();
        while gather.waiting.capacity() > WAITING_MAX - 10 {
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
        let gather = Gather::start(1, 8, |items: Vec<u32>| async move {
            assert_ne!(items, [1], "the panic of this test");
            items
        });
        assert_eq!(gather.ask(1).await, Err(Gone));
        assert_eq!(gather.ask(2).await, Ok(2));
    }
}
