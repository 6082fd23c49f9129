//! One supervised connection to RabbitMQ: opened when needed, opened again when it broke.
//!
//! lapin's own recovery is not used: it does not recover channels, and a session that is built anew from nothing
//! is what the tests can prove.

use crate::wire;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connect, Connection, ConnectionProperties, ConnectionStatus};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
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
#[non_exhaustive]
pub enum BrokerError {
    /// Connecting took too long.
    #[error("connect to RabbitMQ within {} s", CONNECT_TIMEOUT.as_secs())]
    ConnectTimeout,
    /// The broker refused, or the connection broke.
    #[error("open a channel to RabbitMQ")]
    Open(#[source] BoxError),
    /// The provider of addresses failed, or gave none.
    #[error("get the broker's address")]
    Address(#[source] BoxError),
}

/// Any error, as providers return it.
pub type BoxError = Box<dyn Error + Send + Sync>;

type Provider = dyn Fn() -> BoxFuture<'static, Result<Vec<String>, BoxError>> + Send + Sync;

/// Where the broker is, and how to sign in: asked for each time a connection is made, so that credentials can change
/// while the process runs.
///
/// ```
/// use rabbit_outbox::BrokerAddress;
///
/// let one = BrokerAddress::from("amqp://me:secret@localhost:5672/%2f");
/// let cluster = BrokerAddress::from(vec!["amqp://me:secret@a/%2f".to_owned(), "amqp://me:secret@b/%2f".to_owned()]);
/// let rotating = BrokerAddress::provided_by(|| async {
///     let password = "read from the vault";
///     Ok(vec![format!("amqp://me:{password}@localhost:5672/%2f")])
/// });
/// # let _ = (one, cluster, rotating);
/// ```
#[derive(Clone)]
pub struct BrokerAddress(Arc<Provider>);

impl BrokerAddress {
    /// Asks `provider` for the AMQP URLs of the broker's nodes. They are tried in turn; after a connection broke or
    /// could not be made, the next one is tried first.
    pub fn provided_by<F, Answer>(provider: F) -> Self
    where
        F: Fn() -> Answer + Send + Sync + 'static,
        Answer: Future<Output = Result<Vec<String>, BoxError>> + Send + 'static,
    {
        Self(Arc::new(move || provider().boxed()))
    }
}

impl From<Vec<String>> for BrokerAddress {
    fn from(nodes: Vec<String>) -> Self {
        Self(Arc::new(move || std::future::ready(Ok(nodes.clone())).boxed()))
    }
}

impl From<String> for BrokerAddress {
    fn from(amqp_url: String) -> Self {
        Self::from(vec![amqp_url])
    }
}

impl From<&str> for BrokerAddress {
    fn from(amqp_url: &str) -> Self {
        Self::from(amqp_url.to_owned())
    }
}

impl From<&String> for BrokerAddress {
    fn from(amqp_url: &String) -> Self {
        Self::from(amqp_url.clone())
    }
}

impl fmt::Debug for BrokerAddress {
    /// Without the addresses: they hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerAddress")
    }
}

/// A connection with a name that people recognise in the console.
///
/// A process has one to publish, one for its inbox and one for its dead letters: the broker may block publishers when
/// it is short of memory, and must not block consumers; and nothing in the inbox may keep dead letters from being
/// stored.
#[derive(Clone)]
pub(crate) struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    address: BrokerAddress,
    name: String,
    /// Messages of others arrive on it: see [`wire`].
    screened: bool,
    /// The node to try first.
    node: AtomicUsize,
    current: Mutex<Option<Arc<Connection>>>,
    /// Of the newest connection, for those who must not wait for one that is being made.
    status: std::sync::Mutex<Option<ConnectionStatus>>,
}

impl Link {
    /// A connection on which only the broker's answers arrive.
    pub(crate) fn to_publish(address: BrokerAddress, name: String) -> Self {
        Self::new(address, name, false)
    }

    /// A connection on which messages arrive that any peer may have written.
    pub(crate) fn to_consume(address: BrokerAddress, name: String) -> Self {
        Self::new(address, name, true)
    }

    fn new(address: BrokerAddress, name: String, screened: bool) -> Self {
        let inner = Inner {
            address,
            name,
            screened,
            node: AtomicUsize::new(0),
            current: Mutex::new(None),
            status: std::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A new channel, on the current connection if it still stands.
    pub(crate) async fn channel(&self) -> Result<Channel, BrokerError> {
        let mut current = self.inner.current.lock().await;
        let before = current.take();
        let had_one = before.is_some();
        let standing = before.filter(|connection| connection.status().connected());
        let connection = if let Some(connection) = standing {
            connection
        } else {
            if had_one {
                self.inner.node.fetch_add(1, Ordering::Relaxed);
            }
            let connection = Arc::new(self.connect().await?);
            let status = connection.status().clone();
            *self.inner.status.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
            connection
        };
        let channel = connection.create_channel().await.map_err(open)?;
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

    /// Whether the broker takes no messages for now: it is short of memory or disk (`connection.blocked`).
    pub(crate) fn is_blocked(&self) -> bool {
        let status = self.inner.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.as_ref().is_some_and(|status| status.connected() && status.blocked())
    }

    /// Connects to the first node that answers.
    async fn connect(&self) -> Result<Connection, BrokerError> {
        let nodes = (self.inner.address.0)().await.map_err(BrokerError::Address)?;
        let mut failure = BrokerError::Address("the provider gave no address".into());
        for _ in 0..nodes.len() {
            let node = self.inner.node.load(Ordering::Relaxed) % nodes.len();
            match self.connect_to(&nodes[node]).await {
                Ok(connection) => return Ok(connection),
                Err(refused) => failure = refused,
            }
            self.inner.node.fetch_add(1, Ordering::Relaxed);
        }
        Err(failure)
    }

    async fn connect_to(&self, amqp_url: &str) -> Result<Connection, BrokerError> {
        let amqp_url = with_defaults(amqp_url, &[("heartbeat", HEARTBEAT_SECS.into()), ("frame_max", FRAME_BYTES)]);
        let uri: AMQPUri = amqp_url.parse().map_err(|why: String| BrokerError::Address(why.into()))?;
        let properties = ConnectionProperties::default().with_connection_name(self.inner.name.as_str().into());
        let connecting = async {
            if self.inner.screened {
                wire::connect(uri, properties).await
            } else {
                uri.connect_with_config(properties, OwnedTLSConfig::default(), lapin::runtime::default_runtime()?).await
            }
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| BrokerError::ConnectTimeout)?.map_err(open)
    }
}

fn open(failure: lapin::Error) -> BrokerError {
    BrokerError::Open(failure.into())
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
