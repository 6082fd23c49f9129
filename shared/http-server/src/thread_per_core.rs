//! Threads that serve connections, each with its own runtime.
//!
//! All work for a connection happens on its thread, as in nginx: no data moves to another processor, no thread wakes
//! another, and memory is freed on the thread that allocated it. A multi-threaded runtime balances better if single
//! requests take long; in a gateway they don't.

use std::cell::Cell;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// The threads. They end when this is dropped, and the tasks on them are dropped too.
#[derive(Debug)]
pub struct Workers {
    runtimes: Vec<Handle>,
    next: AtomicUsize,
    ended: CancellationToken,
}

impl Workers {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// When the system has no more threads or file descriptors.
    pub fn start(count: NonZeroUsize) -> io::Result<Self> {
        let mut workers = Self { runtimes: vec![], next: AtomicUsize::new(0), ended: CancellationToken::new() };
        for number in 1..=count.get() {
            let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
            workers.runtimes.push(runtime.handle().clone());
            let ended = workers.ended.clone();
            thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
                NUMBER.set(number);
                runtime.block_on(ended.cancelled());
                runtime.shutdown_background();
            })?;
        }
        Ok(workers)
    }

    /// The runtime of the next thread (round robin).
    pub(crate) fn next(&self) -> &Handle {
        &self.runtimes[self.next.fetch_add(1, Ordering::Relaxed) % self.runtimes.len()]
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// The number of the current worker, from 1; 0 on other threads.
pub fn worker_number() -> usize {
    NUMBER.get()
}

/// One per processor that is available to the process.
pub fn one_per_processor() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn workers_take_turns_and_end_when_they_are_dropped() {
        let workers = Workers::start(NonZeroUsize::new(2).unwrap()).unwrap();
        let mut turns = vec![];
        for _ in 0..4 {
            turns.push(workers.next().spawn(async { worker_number() }).await.unwrap());
        }
        assert_eq!(turns, [1, 2, 1, 2]);
        assert_eq!(worker_number(), 0);
        let endless = workers.next().spawn(std::future::pending::<()>());
        drop(workers);
        assert!(endless.await.unwrap_err().is_cancelled());
    }
}
