//! What a handler answers when it did not handle an event.

use super::outage::find;
use crate::AppendError;
use crate::transaction::CommitError;
use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

/// Why an event was not handled, and what is to become of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandleError {
    /// It may work later: the database is away, two transactions were in each other's way. It is tried again at once,
    /// then through the retry ladder, and given up after the last rung. `?` on database errors ends here.
    #[error("retry")]
    Retry(#[source] Box<dyn Error + Send + Sync>),
    /// It can't work now and may after some time: somebody else has to act first. The event comes back through the
    /// first rung of the ladder that waits long enough, or the last one.
    #[error("retry after {} s: {reason}", after.as_secs_f64())]
    RetryAfter {
        /// How long to wait at least.
        after: Duration,
        /// What it waits for, for people.
        reason: String,
    },
    /// It can never be right: the event goes to the dead letters with this reason.
    #[error("rejected: {0}")]
    Reject(String),
}

impl HandleError {
    /// Tries the event again soon, because of `cause`.
    pub fn retry(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Retry(cause.into())
    }

    /// Tries the event again after `after` at the earliest, with the reason.
    pub fn retry_after(after: Duration, reason: impl Display) -> Self {
        Self::RetryAfter { after, reason: reason.to_string() }
    }

    /// Refuses the event for ever, with the reason.
    pub fn reject(reason: impl Display) -> Self {
        Self::Reject(reason.to_string())
    }

    /// Why, for people: the word "retry" tells them nothing.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Retry(cause) => chain(cause.as_ref()),
            Self::RetryAfter { .. } | Self::Reject(_) => self.to_string(),
        }
    }

    /// The database's own error, if that is why, also inside a service's own errors.
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
    /// What can't be appended now can't be appended later either.
    fn from(failure: AppendError) -> Self {
        Self::Reject(chain(&failure))
    }
}

/// An error with its causes in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
