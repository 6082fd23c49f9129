//! A connection to a service, polled by its user.
//!
//! hyper's examples spawn a task that polls the connection, which costs each request two wake-ups and two channels
//! between tasks. Here each request polls its own connection. Between requests nothing polls it; if it broke in the
//! meantime, this is noticed on the next use.

use super::base_url::BaseUrl;
use super::upload::Upload;
use crate::limits::Limits;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tls::{ClientTls, Socket, Stream};
use tokio::net::TcpStream;

/// A connection that carries one request at a time.
pub(crate) struct Connection {
    sender: http1::SendRequest<Upload>,
    /// `None` once it was dropped.
    driver: Option<http1::Connection<TokioIo<Stream>, Upload>>,
    has_ended: bool,
}

/// A response, whose body may still be arriving, and its connection.
type Received = (Response<Incoming>, Box<Connection>);

impl Connection {
    /// Connects, with TLS if the URL begins with `https`.
    ///
    /// # Errors
    /// The operating system's error, that of the handshake, or a timeout after [`Limits::connect`] for each.
    pub(super) async fn open(to: &BaseUrl, tls: &ClientTls, limits: &Limits) -> io::Result<Self> {
        let stream = tokio::time::timeout(limits.connect, TcpStream::connect(to.host_and_port())).await??;
        stream.set_nodelay(true)?;
        let keepalive = TcpKeepalive::new().with_time(limits.keepalive).with_interval(limits.keepalive / 3);
        let socket = SockRef::from(&stream);
        socket.set_tcp_keepalive(&keepalive)?;
        socket.set_tcp_user_timeout(Some(limits.keepalive * 2))?;
        let stream = if to.has_tls() {
            tokio::time::timeout(limits.connect, Box::pin(tls.connect(to.host_and_port().0, stream))).await??
        } else {
            Stream::Plain(stream)
        };
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Self { sender, driver: Some(driver), has_ended: false })
    }

    /// Sends a request and waits for the head of the response.
    ///
    /// # Errors
    /// Includes the request if no byte of it was sent.
    // Not an `async fn`, which would keep the request in memory until the response; the same holds for its callers.
    pub(super) fn send(
        mut self: Box<Self>,
        request: Request<Upload>,
    ) -> impl Future<Output = Result<Received, TrySendError<Request<Upload>>>> {
        let answer = self.sender.try_send_request(request);
        async move {
            let mut answer = pin!(answer);
            let answered = poll_fn(|context| {
                self.drive(context);
                match answer.as_mut().poll(context) {
                    Poll::Pending if self.has_ended => {
                        // Dropping it completes the pending response with an error.
                        self.driver = None;
                        answer.as_mut().poll(context)
                    }
                    polled => polled,
                }
            })
            .await?;
            Ok((answered, self))
        }
    }

    /// Makes progress on the connection: sends request bodies and receives responses.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        // Errors are reported through the response or its body.
        self.has_ended =
            self.has_ended || self.driver.as_mut().is_none_or(|driver| Pin::new(driver).poll(context).is_ready());
    }

    /// Whether the last response was read completely and the connection can take the next request.
    pub(super) fn is_ready(&self) -> bool {
        !self.has_ended && self.sender.is_ready()
    }

    /// The socket, once the service has switched protocols, and the bytes already read from it. `None` if it failed.
    pub(super) async fn into_socket(mut self) -> Option<(Socket, Bytes)> {
        poll_fn(|context| {
            self.drive(context);
            if self.has_ended { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let parts = self.driver?.into_parts();
        Some((parts.io.into_inner().into(), parts.read_buf))
    }
}
