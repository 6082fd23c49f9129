//! Why no answer came from a service.

use std::error::Error;
use std::io;

/// No head of an answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection: nothing was sent, so trying again is safe.
    #[error("connect to the service")]
    Connect(#[source] io::Error),
    /// The service closed or reset the connection before it answered.
    #[error("the service closed the connection")]
    Closed(#[source] hyper::Error),
    /// What came is no HTTP, or the request's own body broke.
    #[error("exchange with the service")]
    Exchange(#[source] hyper::Error),
}

impl From<hyper::Error> for SendError {
    fn from(failure: hyper::Error) -> Self {
        if has_closed(&failure) { Self::Closed(failure) } else { Self::Exchange(failure) }
    }
}

impl SendError {
    /// Whether the connection ended before an answer.
    pub(crate) fn is_close(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

fn has_closed(failure: &hyper::Error) -> bool {
    if failure.is_incomplete_message() || failure.is_canceled() || failure.is_closed() {
        return true;
    }
    // Of the connection: an error of the request's body is no `io::Error` (see `forward::upload`).
    let mut cause = failure.source();
    while let Some(source) = cause {
        if source.is::<io::Error>() {
            return true;
        }
        cause = source.source();
    }
    false
}
