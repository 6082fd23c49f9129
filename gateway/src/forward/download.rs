//! An answer's body on its way to the client; a service that stops in the middle of it is not waited for for ever.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The body; it is read only as fast as the client reads.
pub(super) struct Download {
    inner: Incoming,
    pause_max: Duration,
    /// When the service counts as stuck; set while nothing is there to read.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Why a body breaks off.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadFault {
    #[error("read the service's answer")]
    Broken(#[source] hyper::Error),
    #[error("the service stopped in the middle of its answer")]
    Stuck,
}

impl Download {
    /// A body with pauses of at most `pause_max`.
    pub(super) fn new(inner: Incoming, pause_max: Duration) -> Self {
        Self { inner, pause_max, alarm: None }
    }
}

impl http_body::Body for Download {
    type Data = Bytes;
    type Error = DownloadFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DownloadFault>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            self.alarm = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(DownloadFault::Broken)));
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
