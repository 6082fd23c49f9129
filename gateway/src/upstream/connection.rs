//! A connection to a service, driven by whoever uses it.
//!
//! hyper would have it driven by a task of its own, which costs each request two wake-ups and two channels between
//! tasks. Here the request drives the connection that carries it; between requests nobody does, and what has become of
//! it in the meantime is seen when it is used again.

use crate::forward::upload::Upload;
use crate::limits::Limits;
use crate::upstream::BaseUrl;
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
use tokio::net::TcpStream;

/// A connection that carries one request at a time.
pub(crate) struct Connection {
    sender: http1::SendRequest<Upload>,
    /// None once it has been given up.
    driver: Option<http1::Connection<TokioIo<TcpStream>, Upload>>,
    has_ended: bool,
}

/// The answer, whose body may still be on its way, and what it comes over.
type Answered = (Response<Incoming>, Box<Connection>);

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// The system's, or a time-out after [`Limits::connect`].
    pub(super) async fn open(to: &BaseUrl, limits: &Limits) -> io::Result<Self> {
        let stream = tokio::time::timeout(limits.connect, TcpStream::connect(to.host_and_port())).await??;
        stream.set_nodelay(true)?;
        let keepalive = TcpKeepalive::new().with_time(limits.keepalive).with_interval(limits.keepalive / 3);
        let socket = SockRef::from(&stream);
        socket.set_tcp_keepalive(&keepalive)?;
        socket.set_tcp_user_timeout(Some(limits.keepalive * 2))?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Self { sender, driver: Some(driver), has_ended: false })
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// # Errors
    /// With the request, when not a byte of it was sent.
    // No `async fn`, which would hold the request as long as it waits for the answer; so with the others of its way.
    pub(super) fn send(
        mut self: Box<Self>,
        request: Request<Upload>,
    ) -> impl Future<Output = Result<Answered, TrySendError<Request<Upload>>>> {
        let answer = self.sender.try_send_request(request);
        async move {
            let mut answer = pin!(answer);
            let answered = poll_fn(|context| {
                self.drive(context);
                match answer.as_mut().poll(context) {
                    Poll::Pending if self.has_ended => {
                        // What waits in it is told.
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

    /// Moves what is to be moved: a request's body to the service, an answer's from it.
    pub(super) fn drive(&mut self, context: &mut Context<'_>) {
        // Whatever ended it is told to who waits for the answer, or for its body.
        self.has_ended =
            self.has_ended || self.driver.as_mut().is_none_or(|driver| Pin::new(driver).poll(context).is_ready());
    }

    /// Whether the last answer was read to its end and the next request may come.
    pub(super) fn is_ready(&self) -> bool {
        !self.has_ended && self.sender.is_ready()
    }

    /// The socket, once the service has answered that it changes the protocol, and what was read from it already.
    /// None if it broke.
    pub(super) async fn into_socket(mut self) -> Option<(TcpStream, Bytes)> {
        poll_fn(|context| {
            self.drive(context);
            if self.has_ended { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let parts = self.driver?.into_parts();
        Some((parts.io.into_inner(), parts.read_buf))
    }
}
