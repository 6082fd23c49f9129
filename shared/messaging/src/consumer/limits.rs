//! Isolation of handlers: a panic or an endless wait is a failure of the event, not of the process.

use super::outcome::HandleError;
use crate::panics;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
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
pub(super) async fn run<T>(
    mut handling: BoxFuture<'_, Result<T, HandleError>>,
    timeout: Duration,
) -> Result<T, HandleError> {
    let outcome = tokio::time::timeout(timeout, AssertUnwindSafe(&mut handling).catch_unwind()).await;
    // What the handler leaves behind is dropped here, also after its time limit.
    let left_behind = panics::drop_safely(handling);
    match (outcome, left_behind) {
        (Ok(Err(panic)), _) => Err(HandleError::retry(Panicked(panics::message(panic)))),
        (_, Some(message)) => Err(HandleError::retry(Panicked(message))),
        (Ok(Ok(outcome)), None) => outcome,
        (Err(_), None) => Err(HandleError::retry(TimedOut(timeout))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_and_an_endless_wait_are_failures() {
        let long = Duration::from_secs(10);
        let failure = run::<()>(Box::pin(async { panic!("number {}", 7) }), long).await.unwrap_err();
        assert_eq!(failure.why(), "the handler panicked: number 7");
        let failure = run::<()>(Box::pin(std::future::pending()), Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(failure.why(), "the handler did not end within 0.01 s");
        assert!(run(Box::pin(async { Ok(()) }), long).await.is_ok());
    }

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the destructor");
        }
    }

    #[tokio::test]
    async fn a_destructor_that_panics_is_a_failure_of_the_event() {
        let long = Duration::from_secs(10);
        let payload = run::<()>(Box::pin(async { std::panic::panic_any(Bomb) }), long).await.unwrap_err();
        assert_eq!(payload.why(), "the handler panicked: without a message");
        let endless = Box::pin(async {
            let _bomb = Bomb;
            std::future::pending().await
        });
        let left_behind = run::<()>(endless, Duration::from_millis(10)).await.unwrap_err();
        assert_eq!(left_behind.why(), "the handler panicked: the destructor");
    }
}
