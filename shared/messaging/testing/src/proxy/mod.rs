//! A proxy between a client and RabbitMQ that parses publishes and confirms.

mod conversation;
mod frame;
mod hub;
mod outgoing;
mod publish;
mod rule;

pub use publish::Publish;

use conversation::Conversation;
use hub::{Hub, lock};
use lapin::uri::{AMQPScheme, AMQPUri};
use rabbit_outbox::CancellationToken;
use rule::{Action, InForce};
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// A RabbitMQ proxy with faults: connections go through it, and rules decide what it does with messages and confirms.
///
/// Rules may be added and removed at any time. If several match the same message, the oldest applies.
///
/// ```no_run
/// # async fn example(amqp_url: &str) {
/// use rabbit_outbox_testing::AmqpProxy;
///
/// let proxy = AmqpProxy::start(amqp_url).await;
/// let held = proxy.hold_confirms(|publish| publish.routing_key == "orders.OrderCreated.v1");
/// // .. connect to proxy.url(), publish, and check other events
/// assert!(held.matched() > 0);
/// held.release();
/// # }
/// ```
pub struct AmqpProxy {
    url: String,
    hub: Arc<Hub>,
    accepting: tokio::task::JoinHandle<()>,
}

impl AmqpProxy {
    /// Listens on a local port and connects to the broker at `amqp_url` for each connection.
    ///
    /// # Panics
    /// If the URL is not a plain AMQP URL, or no port is free.
    pub async fn start(amqp_url: &str) -> Self {
        let uri = AMQPUri::from_str(amqp_url).unwrap_or_else(|failure| panic!("the broker's URL: {failure}"));
        assert!(uri.scheme == AMQPScheme::AMQP, "the proxy reads what it carries: it can't carry TLS");
        let broker = (uri.authority.host, uri.authority.port);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("listen on a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let hub = Arc::<Hub>::default();
        let accepting = tokio::spawn(accept(listener, broker, Arc::clone(&hub)));
        Self { url: with_address(amqp_url, address), hub, accepting }
    }

    /// The URL for clients: the broker's URL with the proxy's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Withholds confirms until the rule ends; then they are sent, oldest first.
    pub fn hold_confirms(&self, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::Hold, of)
    }

    /// Drops confirms.
    pub fn drop_confirms(&self, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::Drop, of)
    }

    /// Delays confirms.
    pub fn delay_confirms(&self, by: Duration, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::Delay(by), of)
    }

    /// Withholds confirms until there are `together`, then sends them in reverse order.
    pub fn reverse_confirms(&self, together: usize, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::Reverse(together), of)
    }

    /// Cuts the connection once, instead of the next confirm: the broker has the message, and the client does not know.
    pub fn cut_at_confirm(&self, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::CutAtConfirm, of)
    }

    /// Cuts the connection once, after the `nth` message, from 1, was forwarded to the broker.
    pub fn cut_after_publish(&self, nth: u64, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::CutAfterPublish(nth), of)
    }

    /// Duplicates each message: the broker gets it twice, and the client gets one confirm.
    pub fn duplicate_publishes(&self, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        self.rule(Action::Duplicate, of)
    }

    /// Limits the bytes per second of all connections together, in each direction; `None` removes the limit.
    pub fn limit_bandwidth(&self, bytes_per_second: Option<u32>) {
        self.hub.towards_broker.limit(bytes_per_second);
        self.hub.towards_client.limit(bytes_per_second);
    }

    /// Cuts all connections without an AMQP close; returns how many there were.
    pub fn close_connections(&self) -> usize {
        let open = std::mem::take(&mut *lock(&self.hub.open));
        open.values().for_each(CancellationToken::cancel);
        open.len()
    }

    /// Sets whether new connections are closed at once.
    pub fn refuse_connections(&self, refuse: bool) {
        self.hub.refuses.store(refuse, Ordering::Release);
    }

    /// Notifies all connected clients that the broker is short of memory and blocks publishers (`connection.blocked`),
    /// or that it no longer does (`connection.unblocked`). Messages that clients send nevertheless are forwarded.
    pub fn announce_blocked(&self, blocked: bool) {
        self.hub.blocked.send_replace(blocked);
    }

    /// The number of open connections.
    pub fn connections(&self) -> usize {
        lock(&self.hub.open).len()
    }

    /// The users of all connections so far that authenticated with a password, oldest first.
    pub fn users(&self) -> Vec<String> {
        lock(&self.hub.users).clone()
    }

    /// How many messages clients have published with this routing key; a message that the proxy duplicates counts once.
    pub fn published(&self, routing_key: &str) -> u64 {
        lock(&self.hub.tally).of(routing_key)
    }

    /// How many of all messages had an id that was published before.
    pub fn repeated(&self) -> u64 {
        lock(&self.hub.tally).repeated()
    }

    fn rule(&self, action: Action, of: impl Fn(&Publish) -> bool + Send + Sync + 'static) -> Rule {
        let rule = Arc::new(InForce::new(action, Box::new(of)));
        lock(&self.hub.rules).push(Arc::clone(&rule));
        Rule { hub: Arc::clone(&self.hub), rule }
    }
}

impl Drop for AmqpProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.close_connections();
    }
}

/// A rule of an [`AmqpProxy`]; dropping it ends it, and withheld confirms are sent.
#[must_use = "a rule ends when it is dropped"]
pub struct Rule {
    hub: Arc<Hub>,
    rule: Arc<InForce>,
}

impl Rule {
    /// How many messages or confirms it has matched.
    pub fn matched(&self) -> u64 {
        self.rule.matched()
    }

    /// Ends the rule: withheld confirms are sent.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        lock(&self.hub.rules).retain(|rule| !Arc::ptr_eq(rule, &self.rule));
        self.rule.end();
    }
}

/// Accepts connections until it is aborted.
async fn accept(listener: TcpListener, broker: (String, u16), hub: Arc<Hub>) {
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        if hub.refuses.load(Ordering::Acquire) {
            continue;
        }
        number += 1;
        let (hub, broker, cut) = (Arc::clone(&hub), broker.clone(), CancellationToken::new());
        lock(&hub.open).insert(number, cut.clone());
        tokio::spawn(async move {
            // If the broker can't be reached, close the client's connection.
            if let Ok(broker) = TcpStream::connect((broker.0.as_str(), broker.1)).await {
                Conversation::carry(Arc::clone(&hub), client, broker, cut).await;
            }
            lock(&hub.open).remove(&number);
        });
    }
}

/// The URL with another host and port.
fn with_address(amqp_url: &str, address: SocketAddr) -> String {
    let start = amqp_url.find("://").map_or(0, |at| at + 3);
    let end = amqp_url[start..].find(['/', '?']).map_or(amqp_url.len(), |at| start + at);
    let user = amqp_url[start..end].rfind('@').map_or("", |at| &amqp_url[start..=start + at]);
    format!("{}{user}{address}{}", &amqp_url[..start], &amqp_url[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_changes_and_nothing_else_of_the_url() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        for (url, expected) in [
            ("amqp://me:p%40ss@broker:5672/vhost?heartbeat=3", "amqp://me:p%40ss@127.0.0.1:1/vhost?heartbeat=3"),
            ("amqp://broker", "amqp://127.0.0.1:1"),
            ("amqp://me@broker?heartbeat=3", "amqp://me@127.0.0.1:1?heartbeat=3"),
        ] {
            assert_eq!(with_address(url, address), expected);
        }
    }
}
