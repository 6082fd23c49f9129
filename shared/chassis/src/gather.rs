//! What arrives together is done together: requests share a transaction under load, and none waits for a timer.
//!
//! A worker that has nothing to do takes a lone item at once. While all workers are busy, items wait, and the next free
//! worker takes all that have come: the more arrives, the less each of them costs.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// Items that may wait for a worker; further ones wait for a place.
const WAITING_MAX: usize = 4096;

/// An item, and where its result goes.
type Asked<T, R> = (T, oneshot::Sender<R>);

/// The way to the workers; cheap to clone. They end when the last clone is gone.
pub struct Gather<T, R> {
    waiting: mpsc::Sender<Asked<T, R>>,
}

/// The work panicked, or the process stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody is there to do the work")]
pub struct Gone;

impl<T, R> Clone for Gather<T, R> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone() }
    }
}

impl<T: Send + 'static, R: Send + 'static> Gather<T, R> {
    /// Starts `workers` tasks, each of which gives up to `items_max` items at a time to `work`, whose results have the
    /// order of the items.
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

    /// Has the item done, alone or together with others, and returns its result.
    ///
    /// Once it is taken it is done, even if nobody waits for the result any more.
    ///
    /// # Errors
    /// [`Gone`] when it may or may not have been done.
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
        // The lock is for the taking only: the next worker waits for items while this one works.
        if arrived.lock().await.recv_many(&mut taken, items_max).await == 0 {
            return;
        }
        let (items, answers): (Vec<T>, Vec<oneshot::Sender<R>>) = taken.into_iter().unzip();
        // A task of its own: a panic costs these items their answers, and the others nothing.
        let Ok(results) = tokio::spawn(work(items)).await else { continue };
        for (answer, result) in answers.into_iter().zip(results) {
            // Who asked may have gone.
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
    async fn a_lone_item_is_done_at_once() {
        let gather = Gather::start(1, 8, |items: Vec<u32>| async move { items });
        let asked = tokio::time::timeout(Duration::from_secs(5), gather.ask(7));
        assert_eq!(asked.await.unwrap(), Ok(7));
    }

    #[tokio::test]
    async fn items_that_come_while_the_worker_is_busy_are_done_together_each_with_its_own_result() {
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
    async fn work_that_panics_leaves_no_one_waiting_and_the_next_is_done() {
        let gather = Gather::start(1, 8, |items: Vec<u32>| async move {
            assert_ne!(items, [1], "as the test wants");
            items
        });
        assert_eq!(gather.ask(1).await, Err(Gone));
        assert_eq!(gather.ask(2).await, Ok(2));
    }
}
