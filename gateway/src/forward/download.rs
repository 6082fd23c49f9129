//! A response body on its way to the client. A service that stalls in the middle of it is given up after a limit.

use crate::upstream::Arriving;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The body; it is read only as fast as the client reads.
pub(super) struct Download {
    inner: Arriving,
    pause_max: Duration,
    /// When the service counts as stalled; set while there is nothing to read.
    alarm: Option<Pin<Box<Sleep>>>,
    /// The error that ended the body, reported at the next poll.
    broken: Option<hyper::Error>,
}

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadFault {
    #[error("read the service's response")]
    Broken(#[source] hyper::Error),
    #[error("the service stalled in the middle of its response")]
    Stuck,
}

impl Download {
    /// A body with pauses of at most `pause_max`.
    pub(super) fn new(inner: Arriving, pause_max: Duration) -> Self {
        Self { inner, pause_max, alarm: None, broken: None }
    }
}

impl http_body::Body for Download {
    type Data = Bytes;
    type Error = DownloadFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DownloadFault>>> {
        if let Some(failure) = self.broken.take() {
            return Poll::Ready(Some(Err(DownloadFault::Broken(failure))));
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Err(failure))) => {
                // hyper sends what it has buffered while the body is pending; an error would discard it.
                self.broken = Some(failure);
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(frame) => {
                self.alarm = None;
                return Poll::Ready(frame.map(|frame| frame.map_err(DownloadFault::Broken)));
            }
            Poll::Pending => {}
        }
        let pause_max = self.pause_max;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + pause_max)));
        match alarm.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(DownloadFault::Stuck))),
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
