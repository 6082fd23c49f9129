//! Why a service sent no response.

use std::error::Error;
use std::io;

/// There is no response head.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection: nothing was sent, so a retry is safe.
    #[error("connect to the service")]
    Connect(#[source] io::Error),
    /// The service closed or reset the connection before it responded.
    #[error("the service closed the connection")]
    Closed(#[source] hyper::Error),
    /// The response is not HTTP, or the request body failed.
    #[error("exchange the request with the service")]
    Exchange(#[source] hyper::Error),
}

impl From<hyper::Error> for SendError {
    fn from(failure: hyper::Error) -> Self {
        if has_closed(&failure) { Self::Closed(failure) } else { Self::Exchange(failure) }
    }
}

impl SendError {
    /// Whether the connection closed before a response.
    pub(crate) fn is_close(&self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

fn has_closed(failure: &hyper::Error) -> bool {
    if failure.is_incomplete_message() || failure.is_canceled() || failure.is_closed() {
        return true;
    }
    // Only errors of the connection: an error of the request body is not an `io::Error` (see `upload`).
    let mut cause = failure.source();
    while let Some(source) = cause {
        if source.is::<io::Error>() {
            return true;
        }
        cause = source.source();
    }
    false
}
