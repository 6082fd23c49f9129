//! Threads that serve connections, each with a runtime of its own.
//!
//! All that is done for a connection is done on its thread, as in nginx: nothing is moved to another processor, no thread
//! wakes another, and memory is given back where it was taken. A runtime with several threads spreads work better when
//! single requests take long; a gateway's don't.

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

/// The threads; they end when this is dropped, and what still runs on them is dropped with them.
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

    /// The runtime of the thread whose turn it is.
    pub(crate) fn next(&self) -> &Handle {
        &self.runtimes[self.next.fetch_add(1, Ordering::Relaxed) % self.runtimes.len()]
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// The number of the worker that runs this, counted from 1; 0 on every other thread.
pub fn number() -> usize {
    NUMBER.get()
}

/// As many as the process has processors.
pub fn as_many_as_processors() -> NonZeroUsize {
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
            turns.push(workers.next().spawn(async { number() }).await.unwrap());
        }
        assert_eq!(turns, [1, 2, 1, 2]);
        assert_eq!(number(), 0);
        let endless = workers.next().spawn(std::future::pending::<()>());
        drop(workers);
        assert!(endless.await.unwrap_err().is_cancelled());
    }
}
