//! What a peer may have put into a message, made safe for the client library before it reads it.
//!
//! lapin ends the whole connection when a frame is larger than the negotiated size (RabbitMQ never splits the frame of a
//! message's headers, whatever was negotiated), or when a short string is not UTF-8; and it reads nested tables by
//! recursion, so that a few kilobytes of nested tables overflow the stack and abort the process. Each of these is one
//! message of any peer that may publish. So the connections on which messages of others arrive are read here first: the
//! frames of methods and of headers are rewritten where they need it, everything else passes unchanged.
//!
//! lapin takes a TCP stream and nothing else, and its runtime traits can't be implemented outside of its family. So it
//! gets one end of a socket pair, and a task moves bytes between the other end and the broker.

mod properties;
mod screen;

pub(crate) use properties::LEFT_OUT;

use lapin::tcp::{AMQPUriTcpExt, AsyncTcpStream};
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};
use screen::Screen;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tracing::debug;

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1024;

/// Connects to a broker; what arrives is screened.
///
/// # Errors
/// The client library's, when the broker can't be reached or refuses.
pub(crate) async fn connect(uri: AMQPUri, properties: ConnectionProperties) -> lapin::Result<Connection> {
    let runtime = lapin::runtime::default_runtime()?;
    let broker = uri.connect_async(&runtime).await?;
    let (near, far) = UnixStream::pair()?;
    let near = as_tcp(near)?;
    match broker {
        AsyncTcpStream::Plain(stream) => {
            let (from_broker, to_broker) = stream.into_inner().into_split();
            tokio::spawn(pump(from_broker, to_broker, far));
        }
        // With TLS there are other kinds.
        encrypted => {
            let (from_broker, to_broker) = tokio::io::split(async_compat::Compat::new(encrypted));
            tokio::spawn(pump(from_broker, to_broker, far));
        }
    }
    let near = Mutex::new(Some(near));
    Connection::connector(
        uri,
        runtime,
        async move |_, _| {
            let near = near.lock().map_err(|_| io::Error::other("the stream is gone"))?.take();
            // The library connects once: it recovers no connection here.
            let near = near.ok_or_else(|| io::Error::other("the stream was taken"))?;
            Ok(AsyncTcpStream::Plain(async_compat::Compat::new(near)))
        },
        properties,
    )
    .await
}

/// A descriptor is a descriptor: reading, writing and polling are the same for both kinds of stream sockets.
fn as_tcp(stream: UnixStream) -> io::Result<TcpStream> {
    let descriptor = OwnedFd::from(stream.into_std()?);
    TcpStream::from_std(std::net::TcpStream::from(descriptor))
}

/// Moves bytes until one side closes.
async fn pump(
    from_broker: impl AsyncRead + Unpin + Send,
    mut to_broker: impl AsyncWrite + Unpin + Send,
    client: UnixStream,
) {
    let (mut from_client, to_client) = client.into_split();
    tokio::select! {
        ended = screened(from_broker, to_client) => {
            if let Err(failure) = ended {
                debug!(%failure, "the connection to the broker ended");
            }
        }
        _ = tokio::io::copy(&mut from_client, &mut to_broker) => {
            // Closing tells the broker now; without it, a TLS session would end without its farewell.
            let _ = to_broker.shutdown().await;
        }
    }
}

async fn screened(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    let mut screen = Screen::default();
    let mut bytes = vec![0; READ_BYTES];
    let mut passed = Vec::with_capacity(READ_BYTES);
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        screen.take(&bytes[..read], &mut passed)?;
        to.write_all(&passed).await?;
        passed.clear();
    }
}
