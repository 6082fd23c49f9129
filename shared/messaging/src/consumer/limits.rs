//! Isolation of handlers: a panic or an endless wait is a failure of the event, not of the process.

use super::outcome::HandleError;
use crate::propagation::Handling;
use futures_util::FutureExt;
use sqlx::PgPool;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("the handler panicked: {0}")]
pub(crate) struct Panicked(pub(crate) String);

/// A handler exceeded its time limit.
#[derive(Debug, thiserror::Error)]
#[error("the handler did not end within {} s", .0.as_secs_f64())]
pub(crate) struct TimedOut(pub(crate) Duration);

/// Runs a handler until it ends, panics, or reaches its time limit.
pub(super) async fn run(handling: Handling<'_>, timeout: Duration) -> Result<(), HandleError> {
    match tokio::time::timeout(timeout, AssertUnwindSafe(handling).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => Err(HandleError::retry(Panicked(words(panic.as_ref())))),
        Err(_) => Err(HandleError::retry(TimedOut(timeout))),
    }
}

/// Whether transactions of handlers need a statement timeout; looked up once.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatementLimit(Arc<OnceCell<bool>>);

impl StatementLimit {
    /// The statement timeout to set in each transaction; `None` if the pool's sessions have their own
    /// `statement_timeout`.
    ///
    /// # Errors
    /// Database errors.
    pub(crate) async fn of(&self, pool: &PgPool, limit: Duration) -> Result<Option<Duration>, sqlx::Error> {
        let look = || sqlx::query_scalar("select current_setting('statement_timeout') = '0'").fetch_one(pool);
        let is_needed: &bool = self.0.get_or_try_init(look).await?;
        Ok(is_needed.then_some(limit))
    }
}

/// The message of a panic.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
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
