//! Copies bytes in both directions between two sockets, without a buffer per tunnel.
//!
//! There are many tunnels, and most are idle most of the time. Available bytes are read into one buffer per thread and
//! written at once; only bytes that the other side does not accept yet are stored, until it does.

use http_server::framing::FramingGuard;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::io;
use tokio::net::TcpStream;

/// Bytes per read.
const READ_BYTES: usize = 16 * 1024;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into_boxed_slice());
}

/// One end of a tunnel: the socket, and the bytes that were read from it before the upgrade.
pub(super) struct End {
    socket: TcpStream,
    read_before: Box<[u8]>,
}

impl End {
    /// A socket from which these bytes were read already.
    pub(super) fn new(socket: TcpStream, read_before: &[u8]) -> Self {
        // There are rarely any; a copy avoids holding the 8 KiB buffer that they were read into.
        Self { socket, read_before: read_before.into() }
    }

    /// The socket of an upgraded connection to our listener.
    pub(super) fn of_client(upgraded: Upgraded) -> Option<Self> {
        let Parts { io, read_buf, .. } = upgraded.downcast::<TokioIo<FramingGuard<TcpStream>>>().ok()?;
        Some(Self::new(io.into_inner().into_inner(), &read_buf))
    }
}

/// Copies bytes both ways until both directions have ended, or one fails.
///
/// # Errors
/// The error of the socket that failed.
pub(super) async fn copy_both_ways(client: &End, service: &End) -> io::Result<()> {
    tokio::try_join!(copy_one_way(client, &service.socket), copy_one_way(service, &client.socket)).map(drop)
}

async fn copy_one_way(from: &End, to: &TcpStream) -> io::Result<()> {
    write_all(to, &from.read_before).await?;
    loop {
        from.socket.readable().await?;
        // No await while the thread's buffer is borrowed: other tasks of the thread use it.
        let moved = BUFFER.with_borrow_mut(|buffer| match from.socket.try_read(buffer) {
            Ok(0) => Ok(Moved::End),
            Ok(length) => {
                let read = &buffer[..length];
                match to.try_write(read) {
                    Ok(written) if written == length => Ok(Moved::All),
                    Ok(written) => Ok(Moved::Some(read[written..].into())),
                    Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => Ok(Moved::Some(read.into())),
                    Err(failure) => Err(failure),
                }
            }
            Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => Ok(Moved::All),
            Err(failure) => Err(failure),
        })?;
        match moved {
            Moved::All => {}
            Moved::Some(rest) => write_all(to, &rest).await?,
            Moved::End => return shut_down_writing(to),
        }
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

async fn write_all(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// Signals the end of this direction; the other direction stays open.
fn shut_down_writing(socket: &TcpStream) -> io::Result<()> {
    match socket2::SockRef::from(socket).shutdown(std::net::Shutdown::Write) {
        // The peer has already disconnected.
        Err(failure) if failure.kind() == io::ErrorKind::NotConnected => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connecting = TcpStream::connect(listener.local_addr().unwrap());
        let (one, other) = tokio::join!(connecting, listener.accept());
        (one.unwrap(), other.unwrap().0)
    }

    fn end(socket: TcpStream, read_before: &[u8]) -> End {
        End::new(socket, read_before)
    }

    #[tokio::test]
    async fn early_bytes_come_first_and_each_direction_ends_independently() {
        let ((mut client, one), (mut service, other)) = (pair().await, pair().await);
        let tunnel = tokio::spawn(async move { copy_both_ways(&end(one, b"early "), &end(other, b"")).await });
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
        let tunnel = tokio::spawn(async move { copy_both_ways(&end(one, b""), &end(other, b"")).await });
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
}
