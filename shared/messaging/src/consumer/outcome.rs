//! What a handler returns if it did not handle an event.

use crate::AppendError;
use crate::causes::{chain, find};
use crate::commit_error::CommitError;
use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

/// Why an event was not handled, and what to do with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// It may succeed later: the database is not available, or two transactions conflicted. It is retried immediately,
    /// then on the retry ladder, and is a dead letter after the last rung. `?` on database errors returns this.
    #[error("retry")]
    Retry(#[source] Box<dyn Error + Send + Sync>),
    /// It can't succeed now and may after some time, because something else must happen first. The event comes back
    /// through the first rung of the ladder that is long enough, or the last one.
    #[error("retry after {} s: {reason}", after.as_secs_f64())]
    RetryAfter {
        /// Minimum delay.
        after: Duration,
        /// What it waits for, in readable form.
        reason: String,
    },
    /// It can never succeed: the event becomes a dead letter with this reason.
    #[error("rejected: {0}")]
    Reject(String),
}

impl HandleError {
    /// Retries the event soon, because of `cause`.
    pub fn retry(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry(cause.into())
    }

    /// Retries the event after `after` at the earliest, with the reason.
    pub fn retry_after(after: Duration, reason: impl Display) -> Self {
        Self::RetryAfter { after, reason: reason.to_string() }
    }

    /// Rejects the event permanently, with the reason.
    pub fn reject(reason: impl Display) -> Self {
        Self::Reject(reason.to_string())
    }

    /// The reason in readable form, without the word "retry".
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Retry(cause) => chain(cause.as_ref()),
            Self::RetryAfter { .. } | Self::Reject(_) => self.to_string(),
        }
    }

    /// The database error, if that is the cause; also found inside a service's own errors.
    pub(crate) fn database(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Retry(cause) => find(cause.as_ref()),
            Self::RetryAfter { .. } | Self::Reject(_) => None,
        }
    }
}

impl From<sqlx::Error> for HandleError {
    fn from(failure: sqlx::Error) -> Self {
        Self::Retry(Box::new(failure))
    }
}

impl From<CommitError> for HandleError {
    fn from(failure: CommitError) -> Self {
        Self::Retry(Box::new(failure))
    }
}

impl From<AppendError> for HandleError {
    /// An event that can't be appended now can't be appended later either.
    fn from(failure: AppendError) -> Self {
        Self::Reject(chain(&failure))
    }
}
