//! What a handler may do to its process: nothing. A panic and an endless wait are failures of its event.

use super::outcome::HandleError;
use crate::propagation::Handling;
use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked: {0}")]
pub(crate) struct Panicked(pub(crate) String);

/// A handler took too long.
#[derive(Debug, thiserror::Error)]
#[error("the handler did not end within {} s", .0.as_secs_f64())]
pub(crate) struct TimedOut(pub(crate) Duration);

/// Runs a handler to its end, its panic, or the end of its time.
pub(super) async fn run(handling: Handling<'_>, timeout: Duration) -> Result<(), HandleError> {
    match tokio::time::timeout(timeout, AssertUnwindSafe(handling).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(HandleError::retry(Panicked(words(panic.as_ref())))),
        Err(_) => Err(HandleError::retry(TimedOut(timeout))),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_and_an_endless_wait_are_failures() {
        let long = Duration::from_secs(10);
        let failure = run(Box::pin(async { panic!("number {}", 7) }), long).await.unwrap_err();
        assert_eq!(failure.why(), "the handler panicked: number 7");
        let failure = run(Box::pin(std::future::pending()), Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(failure.why(), "the handler did not end within 0.01 s");
        assert!(run(Box::pin(async { Ok(()) }), long).await.is_ok());
    }
}
