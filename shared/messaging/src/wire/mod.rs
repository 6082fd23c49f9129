//! Makes messages of peers safe for the client library before it reads them.
//!
//! lapin closes the whole connection if a frame is larger than the negotiated size (RabbitMQ never splits a content
//! header frame, regardless of that size), or if a short string is not UTF-8; and it reads nested tables by recursion,
//! so a few kilobytes of nested tables overflow the stack and abort the process. Any peer that may publish can cause
//! each of these with one message. So the connections that receive peers' messages are read here first: method and
//! header frames are rewritten if necessary, everything else passes unchanged.
//!
//! lapin accepts only a TCP stream, and its runtime traits can't be implemented outside its family of crates. So it
//! gets one end of a socket pair, and a task copies bytes between the other end and the broker.

mod arguments;
mod properties;
mod screen;
mod table;
mod texts;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use table::LEFT_OUT;

use lapin::tcp::AsyncTcpStream;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties};
use screen::Screen;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tracing::debug;

/// Read buffer size, in bytes.
const READ_BYTES: usize = 16 * 1024;

/// Connects to a broker, with TLS if its URL begins with `amqps`; received bytes are screened.
///
/// # Errors
/// Errors of the client library, if the broker can't be reached or refuses.
pub(crate) async fn connect(
    amqp_url: &str,
    uri: AMQPUri,
    properties: ConnectionProperties,
) -> lapin::Result<Connection> {
    let runtime = lapin::runtime::default_runtime()?;
    let broker = TcpStream::connect((uri.authority.host.as_str(), uri.authority.port)).await?;
    broker.set_nodelay(true)?;
    let (near, far) = UnixStream::pair()?;
    let near = as_tcp(near)?;
    match uri.scheme {
        AMQPScheme::AMQP => {
            let (from_broker, to_broker) = broker.into_split();
            tokio::spawn(pump(from_broker, to_broker, far));
        }
        AMQPScheme::AMQPS => {
            let (from_broker, to_broker) = tokio::io::split(encrypt(amqp_url, &uri, broker).await?);
            tokio::spawn(pump(from_broker, to_broker, far));
        }
    }
    let near = Mutex::new(Some(near));
    Connection::connector(
        uri,
        runtime,
        async move |_, _| {
            let near = near.lock().map_err(|_| io::Error::other("the stream is gone"))?.take();
            // The library connects once: its recovery is not enabled.
            let near = near.ok_or_else(|| io::Error::other("the stream was taken"))?;
            Ok(AsyncTcpStream::Plain(async_compat::Compat::new(near)))
        },
        properties,
    )
    .await
}

#[cfg(feature = "tls")]
use tls::encrypt;

#[cfg(not(feature = "tls"))]
async fn encrypt(_: &str, _: &AMQPUri, _: TcpStream) -> io::Result<TcpStream> {
    Err(io::Error::other("amqps:// needs the feature `tls` of rabbit-outbox"))
}

/// Only the descriptor is used: reading, writing and polling are the same for both kinds of stream sockets.
fn as_tcp(stream: UnixStream) -> io::Result<TcpStream> {
    let descriptor = OwnedFd::from(stream.into_std()?);
    TcpStream::from_std(std::net::TcpStream::from(descriptor))
}

/// Copies bytes until one side closes.
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
            // Closes the connection to the broker now; otherwise a TLS session would end without `close_notify`.
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
