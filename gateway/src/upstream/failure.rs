//! Why no answer came from a service.

use hyper_util::client::legacy;
use std::error::Error;

/// No head of an answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection: nothing was sent, so trying again is safe.
    #[error("connect to the service")]
    Connect(#[source] legacy::Error),
    /// The service closed or reset the connection before it answered.
    #[error("the service closed the connection")]
    Closed(#[source] legacy::Error),
    /// What came is no HTTP, or the request's own body broke.
    #[error("exchange with the service")]
    Exchange(#[source] legacy::Error),
}

impl From<legacy::Error> for SendError {
    fn from(failure: legacy::Error) -> Self {
        if failure.is_connect() {
            Self::Connect(failure)
        } else if closed(&failure) {
            Self::Closed(failure)
        } else {
            Self::Exchange(failure)
        }
    }
}

impl SendError {
    /// Whether the connection ended before an answer.
    pub(crate) fn is_close(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

fn closed(failure: &legacy::Error) -> bool {
    let mut cause = failure.source();
    while let Some(source) = cause {
        if let Some(failure) = source.downcast_ref::<hyper::Error>()
            && (failure.is_incomplete_message() || failure.is_canceled() || failure.is_closed())
        {
            return true;
        }
        // Of the connection: an error of the request's body is no `io::Error` (see `forward::upload`).
        if source.is::<std::io::Error>() {
            return true;
        }
        cause = source.source();
    }
    false
}
