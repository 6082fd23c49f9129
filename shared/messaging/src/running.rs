//! Whether the parts of a service's messaging run, for `/readyz`.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// Why a relay or a consumer stopped permanently: it can't work with its setup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Another service keeps its events in this schema.
    #[error("the schema belongs to the service `{owner}`: give `{service}` its own schema")]
    SchemaOfAnother {
        /// The service that was started.
        service: String,
        /// The service that owns the schema.
        owner: String,
    },
}

/// Whether one part runs; clones share the state.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    /// It was never created: a service that only publishes has no consumer.
    #[default]
    NotCreated,
    /// It was created and does not run yet.
    Made,
    Runs,
    /// It runs, and its last session failed for this reason. The next one begins soon.
    Fails(String),
    /// It ended without having been stopped.
    Ended(String),
    Stopped,
}

impl Running {
    /// Records that the part was created.
    pub(crate) fn made(&self) {
        self.set(State::Made);
    }

    /// Whether the part was created.
    pub(crate) fn is_created(&self) -> bool {
        self.get() != State::NotCreated
    }

    /// Whether it runs.
    ///
    /// # Errors
    /// The reason, for the readiness report.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.get() {
            State::NotCreated | State::Runs => Ok(()),
            State::Made => Err("not started".to_owned()),
            State::Fails(why) => Err(why),
            State::Ended(why) => Err(format!("ended: {why}")),
            State::Stopped => Err("stopped".to_owned()),
        }
    }

    /// Records that a session of the part failed; [`Running::works`] ends this.
    pub(crate) fn fails(&self, why: &str) {
        self.set(State::Fails(why.to_owned()));
    }

    /// Records that a session of the part has begun.
    pub(crate) fn works(&self) {
        self.set(State::Runs);
    }

    /// Runs a part. However it ends, including by a panic or an aborted task, it no longer counts as running.
    pub(crate) async fn watch<E: fmt::Display>(
        &self,
        part: impl Future<Output = Result<(), E>>,
        stopping: &CancellationToken,
    ) -> Result<(), E> {
        self.set(State::Runs);
        let guard = Guard { running: self, stopping };
        let outcome = part.await;
        if let Err(failure) = &outcome {
            self.set(State::Ended(failure.to_string()));
        }
        drop(guard);
        outcome
    }

    fn get(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

struct Guard<'a> {
    running: &'a Running,
    stopping: &'a CancellationToken,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if !matches!(self.running.get(), State::Runs | State::Fails(_)) {
            return;
        }
        self.running.set(if self.stopping.is_cancelled() {
            State::Stopped
        } else if std::thread::panicking() {
            State::Ended("it panicked".to_owned())
        } else {
            State::Ended("its task ended".to_owned())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[tokio::test]
    async fn a_task_that_ended_is_never_ready() {
        let running = Running::default();
        assert_eq!(running.check(), Ok(()));
        running.made();
        assert!(running.check().is_err());
        let stopping = CancellationToken::new();
        let task = tokio::spawn({
            let (running, stopping) = (running.clone(), stopping.clone());
            async move { running.watch(std::future::pending::<Result<(), Infallible>>(), &stopping).await }
        });
        while running.check().is_err() {
            tokio::task::yield_now().await;
        }
        task.abort();
        let _ = task.await;
        assert_eq!(running.check(), Err("ended: its task ended".to_owned()));
        let panicking = tokio::spawn({
            let (running, stopping) = (running.clone(), stopping.clone());
            async move {
                running.watch(async { if true { panic!("boom") } else { Ok::<(), Infallible>(()) } }, &stopping).await
            }
        });
        assert!(panicking.await.is_err());
        assert_eq!(running.check(), Err("ended: it panicked".to_owned()));
    }
}
