//! One supervised connection to RabbitMQ: opened when needed, opened again when it broke.
//!
//! lapin's own recovery is not used: it does not recover channels, and a session that is built anew from nothing
//! is what the tests can prove.

use lapin::{Channel, Connection, ConnectionProperties};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Longest wait for a connection: TCP, handshake and authentication together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Seconds between heartbeats: a dead peer is noticed after two of them.
const HEARTBEAT_SECS: u16 = 10;

/// Largest frame, in bytes. The client library holds two buffers of 32 frames per connection, all of it in memory from
/// the beginning: with RabbitMQ's default of 128 KiB that is 8 MiB. A larger message travels in several frames.
const FRAME_BYTES: u32 = 16 * 1024;

/// Why there is no channel.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Connecting took too long.
    #[error("connect to RabbitMQ within {} s", CONNECT_TIMEOUT.as_secs())]
    ConnectTimeout,
    /// The broker refused, or the connection broke.
    #[error("open a channel to RabbitMQ")]
    Open(#[source] lapin::Error),
}

/// A connection with a name that people recognise in the console.
///
/// A process has two: the broker may block publishers when it is short of memory, and must not block consumers.
#[derive(Clone)]
pub(crate) struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    uri: String,
    name: String,
    current: Mutex<Option<Arc<Connection>>>,
}

impl Link {
    pub(crate) fn new(amqp_url: &str, name: String) -> Self {
        let uri = with_defaults(amqp_url, &[("heartbeat", HEARTBEAT_SECS.into()), ("frame_max", FRAME_BYTES)]);
        let inner = Inner { uri, name, current: Mutex::new(None) };
        Self { inner: Arc::new(inner) }
    }

    /// A new channel, on the current connection if it still stands.
    pub(crate) async fn channel(&self) -> Result<Channel, BrokerError> {
        let mut current = self.inner.current.lock().await;
        let standing = current.take().filter(|connection| connection.status().connected());
        let connection = match standing {
            Some(connection) => connection,
            None => Arc::new(self.connect().await?),
        };
        let channel = connection.create_channel().await.map_err(BrokerError::Open)?;
        *current = Some(connection);
        Ok(channel)
    }

    /// Whether the connection stands and the broker takes what is published on it.
    pub(crate) fn check(&self) -> Result<(), String> {
        // A lock that is held means that somebody is connecting.
        let Ok(current) = self.inner.current.try_lock() else { return Err("connecting".to_owned()) };
        match current.as_ref() {
            Some(connection) if !connection.status().connected() => Err("disconnected".to_owned()),
            Some(connection) if connection.status().blocked() => Err("blocked by the broker".to_owned()),
            Some(_) => Ok(()),
            None => Err("not connected".to_owned()),
        }
    }

    async fn connect(&self) -> Result<Connection, BrokerError> {
        let properties = ConnectionProperties::default().with_connection_name(self.inner.name.as_str().into());
        let connecting = Connection::connect(&self.inner.uri, properties);
        tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| BrokerError::ConnectTimeout)?
            .map_err(BrokerError::Open)
    }
}

/// The address with what it does not say itself.
fn with_defaults(amqp_url: &str, defaults: &[(&str, u32)]) -> String {
    let mut uri = amqp_url.to_owned();
    for (name, value) in defaults {
        if !uri.contains(&format!("{name}=")) {
            let separator = if uri.contains('?') { '&' } else { '?' };
            uri = format!("{uri}{separator}{name}={value}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_address_says_stands() {
        let defaults = [("heartbeat", 10), ("frame_max", 16_384)];
        assert_eq!(with_defaults("amqp://b/v", &defaults), "amqp://b/v?heartbeat=10&frame_max=16384");
        assert_eq!(with_defaults("amqp://b/v?heartbeat=3", &defaults), "amqp://b/v?heartbeat=3&frame_max=16384");
    }
}
