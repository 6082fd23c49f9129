//! Copies bytes in both directions between two sockets, without a buffer per tunnel.
//!
//! There are many tunnels, and most are idle most of the time. Available bytes are read into one buffer per thread and
//! written at once; only bytes that the other side does not accept yet are stored, until it does.
//!
//! A tunnel whose ends are always ready would never wait, so every read and write counts against the budget of its
//! task: when that is used up, other tasks of the thread run first.
//!
//! A TLS session has buffers of its own: those of the record that is being received or sent.

use super::frames::Frames;
use http_server::framing::FramingGuard;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::io;
use std::time::Duration;
use tls::Stream;
use tokio::task::coop::consume_budget;

/// Bytes per read.
const READ_BYTES: usize = 16 * 1024;
/// Time for the client to end the connection after a Close frame, and bytes that are discarded meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 1024 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// One end of a tunnel: the socket, and the bytes that were read from it before the upgrade.
pub(super) struct End {
    socket: tls::Socket,
    read_before: Box<[u8]>,
}

impl End {
    /// A socket from which these bytes were read already.
    pub(super) fn new(socket: tls::Socket, read_before: &[u8]) -> Self {
        // There are rarely any; a copy avoids holding the 8 KiB buffer that they were read into.
        Self { socket, read_before: read_before.into() }
    }

    /// The socket of an upgraded connection to our listener.
    pub(super) fn of_client(upgraded: Upgraded) -> Option<Self> {
        let Parts { io, read_buf, .. } = upgraded.downcast::<TokioIo<FramingGuard<Stream>>>().ok()?;
        Some(Self::new(io.into_inner().into_inner().into(), &read_buf))
    }
}

/// Copies bytes both ways until both directions have ended, or one fails. `frames` follows those to the client.
///
/// # Errors
/// The error of the socket that failed.
pub(super) async fn copy_both_ways(client: &End, service: &End, frames: &mut Frames) -> io::Result<()> {
    let to_service = copy_one_way(&client.socket, &client.read_before, &service.socket, |_| {});
    let to_client = copy_one_way(&service.socket, &service.read_before, &client.socket, |written| frames.pass(written));
    tokio::try_join!(to_service, to_client).map(drop)
}

/// Ends the client's side with a Close frame, unless a frame is on its way; then it just ends.
///
/// A connection that is closed while received bytes are unread is reset, and the client could lose the Close frame. So
/// reading continues for a moment.
pub(super) async fn close(client: &End, frames: &Frames, close_frame: &[u8]) {
    if !frames.is_between() || client.socket.try_write(close_frame).ok() != Some(close_frame.len()) {
        return;
    }
    let _ = client.socket.shut_down_writing();
    let discard = async {
        let mut bytes_left = LINGER_BYTES_MAX;
        while client.socket.readable().await.is_ok() {
            let read = BUFFER.with_borrow_mut(|buffer| client.socket.try_read(buffer));
            match read {
                Ok(1..) if bytes_left == 0 => return,
                Ok(count @ 1..) => bytes_left = bytes_left.saturating_sub(count),
                Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => {}
                Ok(_) | Err(_) => return,
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, discard).await;
}

/// `passed` is called with the bytes that were written.
async fn copy_one_way<S: Socket>(
    from: &S,
    read_before: &[u8],
    to: &S,
    mut passed: impl FnMut(&[u8]),
) -> io::Result<()> {
    write_all(to, read_before, &mut passed).await?;
    to.flushed().await?;
    loop {
        from.readable().await?;
        // One for the read and one for the write, as in `tokio::io::copy`.
        consume_budget().await;
        consume_budget().await;
        // No await while the thread's buffer is borrowed: other tasks of the thread use it.
        let moved = BUFFER.with_borrow_mut(|buffer| match from.try_read(buffer) {
            Ok(0) => Ok(Moved::End),
            Ok(length) => {
                let read = &buffer[..length];
                match to.try_write(read) {
                    Ok(written) => {
                        passed(&read[..written]);
                        Ok(if written == length { Moved::All } else { Moved::Some(read[written..].into()) })
                    }
                    Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => Ok(Moved::Some(read.into())),
                    Err(failure) => Err(failure),
                }
            }
            Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => Ok(Moved::All),
            Err(failure) => Err(failure),
        })?;
        match moved {
            Moved::All => {}
            Moved::Some(rest) => write_all(to, &rest, &mut passed).await?,
            Moved::End => return to.shut_down_writing(),
        }
        to.flushed().await?;
    }
}

/// How much of the read bytes was written.
enum Moved {
    All,
    /// All except these bytes.
    Some(Box<[u8]>),
    /// The sender closed its direction.
    End,
}

async fn write_all<S: Socket>(to: &S, mut bytes: &[u8], passed: &mut impl FnMut(&[u8])) -> io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        consume_budget().await;
        match to.try_write(bytes) {
            Ok(written) => {
                passed(&bytes[..written]);
                bytes = &bytes[written..];
            }
            Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// What the pipe needs of a socket; in tests also one that is always ready.
trait Socket: Sync {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;
    fn writable(&self) -> impl Future<Output = io::Result<()>> + Send;
    /// Waits until the operating system has all written bytes.
    fn flushed(&self) -> impl Future<Output = io::Result<()>> + Send;
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Signals the end of this direction; the other direction stays open.
    fn shut_down_writing(&self) -> io::Result<()>;
}

impl Socket for tls::Socket {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.readable()
    }

    fn writable(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.writable()
    }

    fn flushed(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.flushed()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.try_read(buffer)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    fn shut_down_writing(&self) -> io::Result<()> {
        self.shut_down_writing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connecting = TcpStream::connect(listener.local_addr().unwrap());
        let (one, other) = tokio::join!(connecting, listener.accept());
        (one.unwrap(), other.unwrap().0)
    }

    fn end(socket: TcpStream, read_before: &[u8]) -> End {
        End::new(socket.into(), read_before)
    }

    #[tokio::test]
    async fn early_bytes_come_first_and_each_direction_ends_independently() {
        let ((mut client, one), (mut service, other)) = (pair().await, pair().await);
        let tunnel = tokio::spawn(async move {
            copy_both_ways(&end(one, b"early "), &end(other, b""), &mut Frames::default()).await
        });
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = String::new();
        service.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "early question");
        service.write_all(b"answer").await.unwrap();
        drop(service);
        let mut received = String::new();
        client.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "answer");
        tunnel.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn bytes_wait_for_a_slow_receiver_and_none_are_lost() {
        const BYTES: usize = 20 * 1024 * 1024;
        let ((mut client, one), (mut service, other)) = (pair().await, pair().await);
        let tunnel =
            tokio::spawn(async move { copy_both_ways(&end(one, b""), &end(other, b""), &mut Frames::default()).await });
        let sent: Vec<u8> = (0..BYTES).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let sending = tokio::spawn({
            let sent = sent.clone();
            async move {
                client.write_all(&sent).await.unwrap();
                client
            }
        });
        let mut received = vec![0; BYTES];
        service.read_exact(&mut received).await.unwrap();
        assert!(received == sent, "the bytes differ");
        drop((sending.await.unwrap(), service));
        let _ = tunnel.await.unwrap();
    }

    /// A peer that always has bytes and always takes them, until a million reads.
    #[derive(Default)]
    struct Endless {
        reads: AtomicUsize,
        written: AtomicUsize,
    }

    impl Socket for Endless {
        fn readable(&self) -> impl Future<Output = io::Result<()>> + Send {
            ready(Ok(()))
        }

        fn writable(&self) -> impl Future<Output = io::Result<()>> + Send {
            ready(Ok(()))
        }

        fn flushed(&self) -> impl Future<Output = io::Result<()>> + Send {
            ready(Ok(()))
        }

        fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
            Ok(if self.reads.fetch_add(1, Ordering::Relaxed) < 1_000_000 { buffer.len() } else { 0 })
        }

        // A part at a time, so that the rest has to be written separately.
        fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            let part = bytes.len().div_ceil(2);
            self.written.fetch_add(part, Ordering::Relaxed);
            Ok(part)
        }

        fn shut_down_writing(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_tunnel_that_is_always_ready_does_not_starve_its_neighbours() {
        let ends: Arc<[Endless; 2]> = Arc::default();
        let copying = tokio::spawn({
            let ends = Arc::clone(&ends);
            async move { copy_one_way(&ends[0], b"", &ends[1], |_| {}).await }
        });
        let reads_before_each_turn: Vec<usize> = {
            let mut turns = vec![];
            for _ in 0..10 {
                tokio::task::yield_now().await;
                turns.push(ends[0].reads.load(Ordering::Relaxed));
            }
            turns
        };
        copying.abort();
        assert!(ends[1].written.load(Ordering::Relaxed) > 0, "nothing was copied");
        assert!(reads_before_each_turn.last().is_some_and(|reads| *reads < 10_000), "{reads_before_each_turn:?}");
    }
}
