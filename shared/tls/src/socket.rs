//! A connection that is read and written when it is ready, without a task or a buffer of its own.

use crate::stream::Stream;
use rustls::Connection;
use std::io::{self, BufRead, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A connection as `tokio::net::TcpStream` is one: wait until it is ready, then try. Both directions can be used at the
/// same time.
#[derive(Debug)]
pub struct Socket {
    tcp: TcpStream,
    /// `None` without TLS. The lock is never held while waiting.
    tls: Option<Box<Mutex<Connection>>>,
}

impl From<TcpStream> for Socket {
    fn from(tcp: TcpStream) -> Self {
        Self { tcp, tls: None }
    }
}

impl From<Stream> for Socket {
    fn from(stream: Stream) -> Self {
        let (tcp, connection) = match stream {
            Stream::Plain(tcp) => return tcp.into(),
            Stream::Tls(stream) => match *stream {
                TlsStream::Client(stream) => {
                    let (tcp, connection) = stream.into_inner();
                    (tcp, Connection::from(connection))
                }
                TlsStream::Server(stream) => {
                    let (tcp, connection) = stream.into_inner();
                    (tcp, Connection::from(connection))
                }
            },
        };
        Self { tcp, tls: Some(Box::new(Mutex::new(connection))) }
    }
}

impl Socket {
    /// Waits until there are bytes to read, or the end.
    ///
    /// # Errors
    /// When the connection or its TLS session is broken.
    pub async fn readable(&self) -> io::Result<()> {
        let Some(tls) = &self.tls else { return self.tcp.readable().await };
        while !has_received(&mut locked(tls))? {
            self.tcp.readable().await?;
            unless_blocked(receive(&mut locked(tls), &self.tcp))?;
        }
        Ok(())
    }

    /// Waits until bytes can be written.
    ///
    /// # Errors
    /// As [`Socket::readable`].
    pub async fn writable(&self) -> io::Result<()> {
        if self.tls.is_some() { self.flushed().await } else { self.tcp.writable().await }
    }

    /// Waits until the operating system has all written bytes.
    ///
    /// # Errors
    /// As [`Socket::readable`].
    pub async fn flushed(&self) -> io::Result<()> {
        let Some(tls) = &self.tls else { return Ok(()) };
        loop {
            // Not the subject of a `match`, which would hold the lock.
            let sent = send(&mut locked(tls), &self.tcp);
            match sent {
                Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => self.tcp.writable().await?,
                sent => return sent,
            }
        }
    }

    /// Reads what has arrived; 0 is the end.
    ///
    /// # Errors
    /// `WouldBlock` if nothing has arrived; `UnexpectedEof` if a TLS session was cut off.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            Some(tls) => locked(tls).reader().read(buffer),
            None => self.tcp.try_read(buffer),
        }
    }

    /// Writes as much as is accepted now. [`Socket::flushed`] waits until it is on its way.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is accepted now.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else { return self.tcp.try_write(bytes) };
        let mut connection = locked(tls);
        // What was written before goes first, so that never more than one write waits in the session.
        send(&mut connection, &self.tcp)?;
        let accepted = connection.writer().write(bytes)?;
        unless_blocked(send(&mut connection, &self.tcp)).map(|()| accepted)
    }

    /// Signals the end of this direction; the other direction stays open.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn shut_down_writing(&self) -> io::Result<()> {
        if let Some(tls) = &self.tls {
            let mut connection = locked(tls);
            connection.send_close_notify();
            // If there is no room for it now, the peer sees the end of the connection instead.
            let _ = send(&mut connection, &self.tcp);
        }
        match shut_down(&self.tcp) {
            // The peer has already disconnected.
            Err(failure) if failure.kind() == io::ErrorKind::NotConnected => Ok(()),
            done => done,
        }
    }
}

fn locked(tls: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The result, in which being blocked is no failure.
fn unless_blocked(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|failure| if failure.kind() == io::ErrorKind::WouldBlock { Ok(()) } else { Err(failure) })
}

fn shut_down(tcp: &TcpStream) -> io::Result<()> {
    rustix::net::shutdown(tcp, rustix::net::Shutdown::Write).map_err(io::Error::from)
}

/// Whether decrypted bytes wait, or the end has come.
fn has_received(connection: &mut Connection) -> io::Result<bool> {
    match connection.reader().fill_buf() {
        Ok(_) => Ok(true),
        Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn receive(connection: &mut Connection, tcp: &TcpStream) -> io::Result<()> {
    connection.read_tls(&mut Ready(tcp))?;
    let processed = connection.process_new_packets();
    // An alert says why, or the answer to a key update.
    let _ = send(connection, tcp);
    processed.map(drop).map_err(|failure| io::Error::new(io::ErrorKind::InvalidData, failure))
}

fn send(connection: &mut Connection, tcp: &TcpStream) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(&mut Ready(tcp))?;
    }
    Ok(())
}

/// Reads and writes what is possible now.
struct Ready<'a>(&'a TcpStream);

impl Read for Ready<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Ready<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
