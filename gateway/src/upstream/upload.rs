//! A request body on its way to the service: counted, timed and observed.

use crate::shares::Share;
use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// An error of the client's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UploadError {
    /// It is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// Its framing is malformed, or the client disconnected.
    #[error("the body is malformed or incomplete")]
    Broken,
    /// It took too long.
    #[error("the body took too long")]
    TooSlow,
}

/// The body; it is read only as fast as the service reads.
pub(crate) struct Upload {
    inner: Option<Body>,
    bytes_left: u64,
    deadline: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    watch: UploadWatch,
    /// Given back when the body has ended.
    place: Option<Box<Share>>,
}

/// Observes an upload from outside; empty if there is no body.
#[derive(Clone, Default)]
pub(crate) struct UploadWatch(Option<Arc<Watched>>);

#[derive(Default)]
struct Watched {
    error: OnceLock<UploadError>,
    ended: CancellationToken,
}

impl Upload {
    /// A body of at most `bytes_max` bytes that ends within `limit`.
    pub(crate) fn new(body: Body, bytes_max: u64, limit: Duration) -> Self {
        let is_empty = http_body::Body::is_end_stream(&body);
        Self {
            inner: (!is_empty).then_some(body),
            bytes_left: bytes_max,
            deadline: Instant::now() + limit,
            timer: None,
            watch: UploadWatch((!is_empty).then(Arc::default)),
            place: None,
        }
    }

    /// The same, with a place that it holds until it has ended.
    pub(crate) fn holding(mut self, place: Option<Share>) -> Self {
        self.place = place.map(Box::new);
        self
    }

    /// No body.
    pub(crate) fn empty() -> Self {
        Self::new(Body::empty(), 0, Duration::ZERO)
    }

    /// Whether there is no body, or all of it was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.is_none()
    }

    /// A handle with which the state of the upload can be observed.
    pub(crate) fn watch(&self) -> UploadWatch {
        self.watch.clone()
    }

    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        let deadline = self.deadline;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().poll(context).is_ready()
    }

    fn end(&mut self) {
        self.inner = None;
        self.place = None;
        self.watch.end();
    }

    fn fail(&mut self, error: UploadError) -> UploadError {
        if let Some(watched) = &self.watch.0 {
            let _ = watched.error.set(error);
        }
        self.end();
        error
    }
}

impl UploadWatch {
    /// The error of the body, if there was one.
    pub(crate) fn error(&self) -> Option<UploadError> {
        self.0.as_ref()?.error.get().copied()
    }

    /// Whether there is a body that the service has not received completely.
    pub(crate) fn is_in_progress(&self) -> bool {
        self.0.as_ref().is_some_and(|watched| !watched.ended.is_cancelled())
    }

    /// Waits until the service has received the whole body, or the upload has failed.
    pub(crate) async fn ended(&self) {
        if let Some(watched) = &self.0 {
            watched.ended.cancelled().await;
        }
    }

    fn end(&self) {
        if let Some(watched) = &self.0 {
            watched.ended.cancel();
        }
    }
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let Some(inner) = self.inner.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(inner).poll_frame(context);
        if Instant::now() > self.deadline {
            return Poll::Ready(Some(Err(self.fail(UploadError::TooSlow))));
        }
        match polled {
            Poll::Pending if self.is_overdue(context) => Poll::Ready(Some(Err(self.fail(UploadError::TooSlow)))),
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                self.end();
                Poll::Ready(None)
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(self.fail(UploadError::Broken)))),
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match self.bytes_left.checked_sub(length) {
                    Some(left) => {
                        self.bytes_left = left;
                        Poll::Ready(Some(Ok(frame)))
                    }
                    None => Poll::Ready(Some(Err(self.fail(UploadError::TooLarge)))),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.watch.end();
    }
}
