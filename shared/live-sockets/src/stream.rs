//! The connection of a socket: counts what the client sends, and sends texts that other sockets send too.

use crate::budget::{Budget, Rate};
use futures_util::SinkExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Utf8Bytes};

/// Time limit for sending one message.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// A shorter text is copied behind the head of its frame, which takes one system call instead of two.
const COPIED_BYTES_MAX: usize = 2048;

/// A WebSocket on a connection of the server.
pub(crate) type Stream = WebSocketStream<Connection>;

/// The client has sent more bytes than it may.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the client sends too much")]
pub(crate) struct OverBudget;

/// The connection below a WebSocket.
///
/// The library would copy each text into a buffer of its own, so that a thousand clients that read slowly would hold
/// the same bill a thousand times. Here they wait with the one text that all of them share.
#[derive(Debug)]
pub(crate) struct Connection<C = TokioIo<Upgraded>> {
    io: C,
    /// In bytes; `None` when bytes are not counted any more.
    budget: Option<Budget>,
    /// The frame that is being sent: its head, then its text. Written before anything of the library's.
    unsent: [Bytes; 2],
}

impl<C> Connection<C> {
    /// A connection on which the client may send `rate` bytes.
    pub(crate) fn new(io: C, rate: Rate) -> Self {
        Self { io, budget: Some(Budget::full(rate)), unsent: Default::default() }
    }

    /// Reads without counting from now on.
    pub(crate) fn stop_counting(&mut self) {
        self.budget = None;
    }

    /// Starts a text frame. Source: RFC 6455, section 5.2; a server does not mask.
    fn start(&mut self, text: &Utf8Bytes) {
        const FINAL_TEXT: u8 = 0x81;
        let mut text = Bytes::from(text.clone());
        let mut head = vec![FINAL_TEXT];
        match (u8::try_from(text.len()), u16::try_from(text.len())) {
            (Ok(length @ ..126), _) => head.push(length),
            (_, Ok(length)) => {
                head.push(126);
                head.extend(length.to_be_bytes());
            }
            (_, Err(_)) => {
                head.push(127);
                head.extend((text.len() as u64).to_be_bytes());
            }
        }
        if text.len() <= COPIED_BYTES_MAX {
            head.extend_from_slice(&text);
            text = Bytes::new();
        }
        self.unsent = [head.into(), text];
    }
}

impl<C: AsyncWrite + Unpin> Connection<C> {
    fn poll_unsent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        for part in &mut self.unsent {
            while !part.is_empty() {
                match ready!(Pin::new(&mut self.io).poll_write(context, part))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    written => drop(part.split_to(written)),
                }
            }
            // An empty part would still hold the text.
            *part = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

/// Sends a text without a copy of it. After an error, or when the future was dropped, the rest of the frame is still
/// sent before the next.
///
/// # Errors
/// The connection is lost.
pub(crate) async fn send_text(socket: &mut Stream, text: &Utf8Bytes) -> Result<(), Error> {
    // What the library has queued is a frame of its own.
    socket.flush().await?;
    let connection = socket.get_mut();
    connection.start(text);
    Ok(connection.flush().await?)
}

impl<C: AsyncRead + Unpin> AsyncRead for Connection<C> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        let is_within = self.budget.as_mut().is_none_or(|budget| budget.spend(read, Instant::now()));
        Poll::Ready(if is_within { Ok(()) } else { Err(io::Error::other(OverBudget)) })
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Connection<C> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(context))?;
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(context))?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(context))?;
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    const RATE: Rate = Rate { per_second: 1, burst: 10 };

    #[tokio::test]
    async fn a_text_of_any_length_is_one_frame_and_comes_before_what_follows() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let (ours, mut theirs) = tokio::io::duplex(1000);
            let mut connection = Connection::new(ours, RATE);
            let text = Utf8Bytes::from("x".repeat(length));
            let sending = tokio::spawn(async move {
                connection.start(&text);
                connection.write_all(b"next").await.unwrap();
                assert_eq!(connection.unsent, [Bytes::new(), Bytes::new()]);
            });
            let mut received = vec![];
            theirs.read_to_end(&mut received).await.unwrap();
            sending.await.unwrap();
            assert_eq!(received, [head, vec![b'x'; length], b"next".to_vec()].concat(), "{length}");
        }
    }

    #[tokio::test]
    async fn a_client_that_sends_more_than_its_budget_is_noticed_until_counting_stops() {
        let (ours, mut theirs) = tokio::io::duplex(1000);
        let mut connection = Connection::new(ours, RATE);
        theirs.write_all(&[0; 30]).await.unwrap();
        let mut received = [0; 10];
        connection.read_exact(&mut received).await.unwrap();
        let failure = connection.read_exact(&mut received).await.unwrap_err();
        assert_eq!(failure.to_string(), OverBudget.to_string());
        connection.stop_counting();
        connection.read_exact(&mut received).await.unwrap();
    }
}
