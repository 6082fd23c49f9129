//! Drains the unread body of a request.
//!
//! Closing a connection that still receives data resets it, and the reset can overtake the response: a client would see
//! "connection reset" instead of 405 or 413, and a gateway would see a service that closed the connection. So the rest
//! of the body is read and discarded, within limits. Source: RFC 9112, section 9.6.

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header;
use http_body::{Body as _, Frame, SizeHint};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;

/// Longest time for draining.
const TIME_MAX: Duration = Duration::from_secs(3);
/// Most bytes to drain.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The request with a body that is drained if it is dropped before its end.
pub fn drain_body(request: Request) -> Request {
    // Reading would send `100 Continue` to a client that waits for it.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return request;
    }
    request.map(|body| Body::new(DrainOnDrop { rest: Some(body) }))
}

/// A body that is drained if it is dropped before its end.
struct DrainOnDrop {
    /// `None` after the end and after an error.
    rest: Option<Body>,
}

impl http_body::Body for DrainOnDrop {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(rest) = self.rest.as_mut() else { return Poll::Ready(None) };
        let polled = Pin::new(rest).poll_frame(context);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.rest = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for DrainOnDrop {
    fn drop(&mut self) {
        let rest = self.rest.take().filter(|rest| !rest.is_end_stream());
        // Without a runtime the program is shutting down.
        if let (Some(rest), Ok(runtime)) = (rest, Handle::try_current()) {
            runtime.spawn(tokio::time::timeout(TIME_MAX, drain(rest)));
        }
    }
}

async fn drain(mut rest: Body) {
    let mut remaining_bytes = BYTES_MAX;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut rest).poll_frame(context)).await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        let Some(remaining) = remaining_bytes.checked_sub(length) else { return };
        remaining_bytes = remaining;
    }
}

#[cfg(test)]
mod tests {
    use crate::serve::serve;
    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    const BODY_BYTES: usize = 4_000_000;

    #[tokio::test]
    async fn a_client_that_is_still_sending_can_finish_and_gets_the_response() {
        let router =
            Router::new().route("/", get(|| async { "ok" })).layer(axum::middleware::from_fn(crate::layers::observe));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stopping = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, stopping.clone()));

        let head = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY_BYTES}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[0; 1000]).await.unwrap();
        stream.readable().await.unwrap();
        stream.write_all(&vec![0; BODY_BYTES - 1000]).await.unwrap();
        // The connection is still usable for the next request.
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 405 ") && answers.contains("HTTP/1.1 200 "), "{answers}");
        stopping.cancel();
        server.await.unwrap().unwrap();
    }
}
