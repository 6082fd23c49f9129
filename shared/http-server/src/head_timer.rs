//! The header read timeout of a connection, with one timer for all of its requests.
//!
//! hyper creates a sleep for each head and drops it when the head has arrived, which allocates it, and adds it to and
//! removes it from the runtime's timer wheel. Here a connection reuses its sleep and resets it only when it fires too
//! early: at most once per timeout period, regardless of the number of requests.

use hyper::rt::{Sleep, Timer};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// The timer of one connection.
#[derive(Default)]
pub(crate) struct HeadTimer {
    shared: SharedSleep,
}

/// The sleep while it is not in use; `None` before the first use.
type SharedSleep = Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>;

/// A wait until `deadline`. It takes the connection's sleep at its first poll.
struct Wait {
    deadline: tokio::time::Instant,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
    shared: SharedSleep,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { deadline: deadline.into(), sleep: None, shared: Arc::clone(&self.shared) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { deadline, sleep, shared } = &mut *self;
        let sleep = sleep.get_or_insert_with(|| {
            let reusable = lock(shared).take().filter(|sleep| sleep.deadline() <= *deadline);
            reusable.unwrap_or_else(|| Box::pin(tokio::time::sleep_until(*deadline)))
        });
        loop {
            ready!(sleep.as_mut().poll(context));
            if sleep.deadline() >= *deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(*deadline);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(sleep) = self.sleep.take() {
            *lock(&self.shared) = Some(sleep);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // After a panic while the lock was held, the sleep is still valid.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn shared_deadline(timer: &HeadTimer) -> Option<tokio::time::Instant> {
        lock(&timer.shared).as_ref().map(|sleep| sleep.deadline())
    }

    #[tokio::test]
    async fn each_wait_ends_at_its_own_time_and_the_sleep_is_reused() {
        let timer = HeadTimer::default();
        let started = Instant::now();
        let mut first = timer.sleep(Duration::from_millis(50));
        assert!(first.as_mut().now_or_never().is_none());
        drop(first);
        assert!(shared_deadline(&timer).is_some());

        let deadline = started + Duration::from_millis(120);
        // The reused sleep fires before the end of this wait.
        timer.sleep_until(deadline).await;
        assert!(Instant::now() >= deadline);
        assert_eq!(shared_deadline(&timer), Some(deadline.into()));
    }

    #[tokio::test]
    async fn a_wait_that_ends_before_the_reused_sleep_does_not_wait_for_it() {
        let timer = HeadTimer::default();
        let mut long = timer.sleep(Duration::from_hours(1));
        assert!(long.as_mut().now_or_never().is_none());
        drop(long);
        timer.sleep(Duration::from_millis(1)).await;
    }

    #[tokio::test]
    async fn a_wait_that_is_not_polled_takes_no_sleep() {
        let timer = HeadTimer::default();
        drop(timer.sleep(Duration::from_secs(1)));
        assert!(shared_deadline(&timer).is_none());
    }
}
