//! How long a connection waits for the head of its next request, with one sleep for all of them.
//!
//! hyper makes a sleep for each head and drops it once the head is there, which allocates it and puts it into the
//! runtime's timer wheel and takes it out again. Here a connection keeps its sleep and moves it only when it ends too
//! early: once in the time that a head may take, whatever the number of requests.

use hyper::rt::{Sleep, Timer};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// The timer of one connection.
#[derive(Default)]
pub(crate) struct HeadTimer {
    kept: Kept,
}

/// The sleep that nobody uses at the moment; none before the first.
type Kept = Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>;

/// A wait until `deadline`, with the kept sleep from its first poll on.
struct Wait {
    deadline: tokio::time::Instant,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
    kept: Kept,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { deadline: deadline.into(), sleep: None, kept: Arc::clone(&self.kept) })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { deadline, sleep, kept } = &mut *self;
        let sleep = sleep.get_or_insert_with(|| {
            let kept = lock(kept).take().filter(|kept| kept.deadline() <= *deadline);
            kept.unwrap_or_else(|| Box::pin(tokio::time::sleep_until(*deadline)))
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
            *lock(&self.kept) = Some(sleep);
        }
    }
}

fn lock<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    // A sleep is one after a panic too.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn kept(timer: &HeadTimer) -> Option<tokio::time::Instant> {
        lock(&timer.kept).as_ref().map(|sleep| sleep.deadline())
    }

    #[tokio::test]
    async fn each_wait_ends_at_its_own_time_and_the_sleep_is_kept() {
        let timer = HeadTimer::default();
        let begun = Instant::now();
        let mut first = timer.sleep(Duration::from_millis(50));
        assert!(first.as_mut().now_or_never().is_none());
        drop(first);
        assert!(kept(&timer).is_some());

        let deadline = begun + Duration::from_millis(120);
        // The kept sleep ends before this wait.
        timer.sleep_until(deadline).await;
        assert!(Instant::now() >= deadline);
        assert_eq!(kept(&timer), Some(deadline.into()));
    }

    #[tokio::test]
    async fn a_wait_that_ends_before_the_kept_sleep_does_not_wait_for_it() {
        let timer = HeadTimer::default();
        let mut long = timer.sleep(Duration::from_hours(1));
        assert!(long.as_mut().now_or_never().is_none());
        drop(long);
        timer.sleep(Duration::from_millis(1)).await;
    }

    #[tokio::test]
    async fn a_wait_that_nobody_polls_takes_no_sleep() {
        let timer = HeadTimer::default();
        drop(timer.sleep(Duration::from_secs(1)));
        assert!(kept(&timer).is_none());
    }
}
