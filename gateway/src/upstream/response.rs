//! A response of a service, whose body may still be arriving.

use super::connection::Connection;
use super::pool::{Pool, put_back};
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tls::Socket;

/// A response: its head, and its body with the connection that it arrives on.
pub(crate) struct UpstreamResponse {
    head: Response<()>,
    body: ResponseBody,
}

/// A response body; its connection returns to the pool when it can be reused.
pub(crate) struct ResponseBody {
    body: Incoming,
    connection: Option<Box<Connection>>,
    pool: Arc<Pool>,
}

impl UpstreamResponse {
    pub(super) fn new(answer: Response<Incoming>, connection: Box<Connection>, pool: &Arc<Pool>) -> Self {
        let (head, body) = answer.into_parts();
        let body = ResponseBody { body, connection: Some(connection), pool: Arc::clone(pool) };
        Self { head: Response::from_parts(head, ()), body }
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.head.status()
    }

    /// The head.
    pub(crate) fn head(&self) -> &Response<()> {
        &self.head
    }

    /// The response with its body.
    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        self.head.map(|()| self.body)
    }

    /// The head of a response that switches protocols, and the connection for the new protocol.
    pub(crate) fn into_socket(mut self) -> (Response<()>, impl Future<Output = Option<(Socket, Bytes)>> + Send) {
        let connection = self.body.connection.take();
        (self.head, async move { connection?.into_socket().await })
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { body, connection, .. } = &mut *self;
        let mut polled = Pin::new(&mut *body).poll_frame(context);
        let is_over = matches!(polled, Poll::Ready(None)) || body.is_end_stream();
        if let Some(connection) = connection.as_mut().filter(|_| polled.is_pending() || is_over) {
            connection.drive(context);
            if polled.is_pending() {
                polled = Pin::new(body).poll_frame(context);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        // A connection whose response was not read completely can't be reused.
        if let Some(connection) = self.connection.take().filter(|connection| connection.is_ready()) {
            put_back(&self.pool, connection);
        }
    }
}
