//! One supervised connection to RabbitMQ, opened on demand and again after it broke.
//!
//! lapin's own recovery is not used: it does not recover channels. Tests can prove that a session built from scratch
//! works.

use crate::wire;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lapin::tcp::OwnedTLSConfig;
use lapin::uri::{AMQPScheme, AMQPUri};
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
/// Heartbeat interval in seconds: a dead peer is noticed after two intervals.
const HEARTBEAT_SECS: u16 = 10;

/// Largest frame, in bytes. The client library allocates two buffers of 32 frames per connection up front: with
/// RabbitMQ's default of 128 KiB that would be 8 MiB. A larger message is split into several frames.
const FRAME_BYTES: u32 = 16 * 1024;

/// Why a channel could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// Connecting timed out.
    #[error("connect to RabbitMQ within {} s", CONNECT_TIMEOUT.as_secs())]
    ConnectTimeout,
    /// The broker refused, or the connection broke.
    #[error("open a channel to RabbitMQ")]
    Open(#[source] BoxError),
    /// The address provider failed, or returned no address.
    #[error("get the broker's address")]
    Address(#[source] BoxError),
}

/// The error type that providers return.
pub type BoxError = Box<dyn Error + Send + Sync>;

type Provider = dyn Fn() -> BoxFuture<'static, Result<Vec<String>, BoxError>> + Send + Sync;

/// The broker's addresses with credentials. They are looked up for every connection, so credentials can change while
/// the process runs.
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
    /// Gets the AMQP URLs of the broker's nodes from `provider`. They are tried in turn, starting with the next one
    /// after a connection broke or could not be opened.
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
    /// Not the addresses: they contain passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerAddress")
    }
}

/// A connection with a readable name in RabbitMQ's management console.
///
/// A process has three: to publish, to consume its inbox and to consume its dead letters. The broker may block
/// publishers when it is short of memory, and must not block consumers with them; and nothing in the inbox may prevent
/// dead letters from being stored.
#[derive(Clone)]
pub(crate) struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    address: BrokerAddress,
    name: String,
    /// Whether peers' messages arrive on it: see [`wire`].
    screened: bool,
    /// Index of the node to try first.
    node: AtomicUsize,
    current: Mutex<Option<Arc<Connection>>>,
    /// The newest connection, for callers that must not wait while another is being opened.
    status: std::sync::Mutex<Option<ConnectionStatus>>,
}

impl Link {
    /// A connection that receives only the broker's own answers.
    pub(crate) fn to_publish(address: BrokerAddress, name: String) -> Self {
        Self::new(address, name, false)
    }

    /// A connection that receives messages which any peer may have written.
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

    /// Opens a channel, on the current connection if it is still open.
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

    /// Whether the connection is open and the broker accepts messages on it.
    pub(crate) fn check(&self) -> Result<(), String> {
        // A locked mutex means that a connection is being opened.
        let Ok(current) = self.inner.current.try_lock() else { return Err("connecting".to_owned()) };
        match current.as_ref() {
            Some(connection) if !connection.status().connected() => Err("disconnected".to_owned()),
            Some(connection) if connection.status().blocked() => Err("blocked by the broker".to_owned()),
            Some(_) => Ok(()),
            None => Err("not connected".to_owned()),
        }
    }

    /// Whether the broker blocks publishers, because it is short of memory or disk (`connection.blocked`).
    pub(crate) fn is_blocked(&self) -> bool {
        let status = self.inner.status.lock().unwrap_or_else(PoisonError::into_inner);
        status.as_ref().is_some_and(|status| status.connected() && status.blocked())
    }

    /// Connects to the first node that accepts.
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
            // lapin's own TLS brings forty crates for client certificates in formats that are rarely used.
            if self.inner.screened || uri.scheme == AMQPScheme::AMQPS {
                wire::connect(&amqp_url, uri, properties).await
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

/// The URL with defaults for parameters that it does not set.
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
