//! A response body on its way to the client. A service that stalls in the middle of it is given up after a limit.

use crate::upstream::ResponseBody;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The body; it is read only as fast as the client reads.
pub(super) struct Download {
    inner: ResponseBody,
    pause_max: Duration,
    /// When the service counts as stalled; set while there is nothing to read.
    timer: Option<Pin<Box<Sleep>>>,
    /// The error that ended the body, reported at the next poll.
    pending_error: Option<hyper::Error>,
}

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadError {
    #[error("read the service's response")]
    Broken(#[source] hyper::Error),
    #[error("the service stalled in the middle of its response")]
    Stalled,
}

impl Download {
    /// A body with pauses of at most `pause_max`.
    pub(super) fn new(inner: ResponseBody, pause_max: Duration) -> Self {
        Self { inner, pause_max, timer: None, pending_error: None }
    }
}

impl http_body::Body for Download {
    type Data = Bytes;
    type Error = DownloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DownloadError>>> {
        if let Some(failure) = self.pending_error.take() {
            return Poll::Ready(Some(Err(DownloadError::Broken(failure))));
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Err(failure))) => {
                // hyper sends what it has buffered while the body is pending; an error would discard it.
                self.pending_error = Some(failure);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(frame) => {
                self.timer = None;
                return Poll::Ready(frame.map(|frame| frame.map_err(DownloadError::Broken)));
            }
            Poll::Pending => {}
        }
        let pause_max = self.pause_max;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + pause_max)));
        match timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(DownloadError::Stalled))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
