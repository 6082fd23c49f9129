//! The exchanges, queues and bindings of a service, as a value.
//!
//! Every queue is declared with its final arguments from the first version on: RabbitMQ refuses another declaration
//! of a queue that exists, and by then it holds messages that people keep.

mod existing;
mod plan;

pub use existing::Existing;
pub use plan::{Action, Plan, Planned};

use crate::broker::{BrokerError, Link};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use rabbit_outbox_event::producer;

/// Deliveries after which RabbitMQ itself gives up on a message: a backstop against crash loops.
///
/// A crash counts for every message that was prefetched, so it must not be small.
const DELIVERY_LIMIT: i32 = 20;

/// The rungs of the retry ladder: how long a message waits there.
pub const LADDER: [(&str, i32); 4] = [("1s", 1_000), ("5s", 5_000), ("30s", 30_000), ("2m", 120_000)];

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Its name.
    pub name: String,
    /// How it routes.
    pub kind: ExchangeKind,
}

/// A quorum queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// Its arguments beyond `x-queue-type: quorum`.
    pub arguments: Vec<(&'static str, AMQPValue)>,
}

/// Which messages of an exchange go to a queue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// Where messages come from.
    pub exchange: String,
    /// Which of them.
    pub routing_key: String,
    /// Where they go.
    pub queue: String,
}

/// All that a service declares.
#[derive(Clone, Debug, PartialEq)]
pub struct Topology {
    /// Durable exchanges.
    pub exchanges: Vec<Exchange>,
    /// Durable quorum queues.
    pub queues: Vec<Queue>,
    /// Bindings of those queues to those exchanges.
    pub bindings: Vec<Binding>,
    /// Bindings of the inbox to the exchanges of those whom the service hears; they may not be there yet.
    pub heard: Vec<Binding>,
}

impl Topology {
    /// The topology of a service that hears the given wire types.
    ///
    /// `<service>` takes its events, `<service>.inbox` holds what it hears, `<service>.dead` what it gave up, and
    /// `<service>.retry.*` what it will try again: entered through the exchange `<service>.retry`, left through
    /// `<service>.return`. Each service has its own ladder: a shared one stalls for all when one target is gone,
    /// and lets one service write into another's inbox.
    pub fn of(service: &str, heard: &[&str]) -> Self {
        let inbox = format!("{service}.inbox");
        let dead = format!("{service}.dead");
        let retry = format!("{service}.retry");
        let back = format!("{service}.return");
        let exchange = |name: &str, kind| Exchange { name: name.to_owned(), kind };
        let binding = |exchange: &str, routing_key: &str, queue: &str| Binding {
            exchange: exchange.to_owned(),
            routing_key: routing_key.to_owned(),
            queue: queue.to_owned(),
        };

        let mut topology = Self {
            exchanges: vec![
                exchange(service, ExchangeKind::Topic),
                exchange(&dead, ExchangeKind::Fanout),
                exchange(&retry, ExchangeKind::Direct),
                exchange(&back, ExchangeKind::Direct),
            ],
            queues: vec![
                Queue {
                    name: inbox.clone(),
                    arguments: [at_least_once(&dead), vec![("x-delivery-limit", DELIVERY_LIMIT.into())]].concat(),
                },
                Queue { name: dead.clone(), arguments: vec![] },
            ],
            bindings: vec![binding(&dead, "", &dead), binding(&back, &inbox, &inbox)],
            heard: heard.iter().map(|wire_type| binding(producer(wire_type), wire_type, &inbox)).collect(),
        };
        for (rung, wait_ms) in LADDER {
            let name = format!("{retry}.{rung}");
            topology.bindings.push(binding(&retry, rung, &name));
            let mut arguments = at_least_once(&back);
            arguments.push(("x-dead-letter-routing-key", text(&inbox)));
            arguments.push(("x-message-ttl", wait_ms.into()));
            topology.queues.push(Queue { name, arguments });
        }
        topology
    }

    /// The same, hearing more.
    #[must_use]
    pub fn hearing(mut self, bindings: Vec<Binding>) -> Self {
        self.heard.extend(bindings);
        self
    }

    /// What declaring this would do to what is there.
    pub fn plan(&self, existing: &Existing) -> Plan {
        Plan::of(self, existing)
    }

    /// Declares what is the service's own; what exists with the same arguments stays as it is.
    ///
    /// # Errors
    /// A closed channel: 406 when something exists with other arguments, 403 when the broker's user may not.
    pub async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        for exchange in &self.exchanges {
            exchange.declare(channel).await?;
        }
        for queue in &self.queues {
            queue.declare(channel).await?;
        }
        for binding in &self.bindings {
            binding.declare(channel).await?;
        }
        Ok(())
    }

    /// The same on a channel of its own, which a refusal closes instead of one that is needed, with words for people.
    /// Where the service declares nothing, it looks whether everything is there.
    pub(crate) async fn declare_on(&self, link: &Link, declares: bool) -> Result<(), TopologyError> {
        let channel = link.channel().await.map_err(TopologyError::Broker)?;
        let refused = |what: String| {
            move |source| {
                if declares { TopologyError::Refused { what, source } } else { TopologyError::Missing { what, source } }
            }
        };
        for exchange in &self.exchanges {
            let done = if declares { exchange.declare(&channel).await } else { exchange.look(&channel).await };
            done.map_err(refused(format!("exchange {}", exchange.name)))?;
        }
        for queue in &self.queues {
            let done = if declares { queue.declare(&channel).await } else { queue.look(&channel).await };
            done.map_err(refused(format!("queue {}", queue.name)))?;
        }
        // AMQP has no question for bindings.
        for binding in self.bindings.iter().filter(|_| declares) {
            let what = format!("binding of {} to {} by {}", binding.queue, binding.exchange, binding.routing_key);
            binding.declare(&channel).await.map_err(refused(what))?;
        }
        // The next look at it is on another channel.
        let _ = channel.close(200, "declared".into()).await;
        Ok(())
    }

    /// What an administrator imports where the service declares nothing: `rabbitmqctl import_definitions`, or the
    /// console's *Import definitions*. Bindings to exchanges of others are among them.
    ///
    /// Source: RabbitMQ documentation, "Schema Definition Export and Import".
    pub fn definitions(&self, virtual_host: &str) -> serde_json::Value {
        let exchanges: Vec<_> = self.exchanges.iter().map(|exchange| exchange.definition(virtual_host)).collect();
        let queues: Vec<_> = self.queues.iter().map(|queue| queue.definition(virtual_host)).collect();
        let bindings: Vec<_> =
            self.bindings.iter().chain(&self.heard).map(|binding| binding.definition(virtual_host)).collect();
        serde_json::json!({ "exchanges": exchanges, "queues": queues, "bindings": bindings })
    }
}

/// Why the topology is not as it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// There is no channel.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// It exists with other arguments (406, the broker says which), or the broker's user may not (403).
    #[error("declare {what}: what exists can't be changed, only deleted or left")]
    Refused {
        /// What was declared.
        what: String,
        /// The broker's words.
        source: lapin::Error,
    },
    /// It is not there, and this service declares nothing; `Topology::definitions` is what an administrator imports.
    #[error("look for {what}: it must be declared by an administrator")]
    Missing {
        /// What was looked for.
        what: String,
        /// The broker's words.
        source: lapin::Error,
    },
}

impl Exchange {
    /// Whether it is there; a no closes the channel.
    async fn look(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(self.name.as_str().into(), self.kind.clone(), options, FieldTable::default()).await
    }

    fn definition(&self, virtual_host: &str) -> serde_json::Value {
        serde_json::json!({
            "name": self.name, "vhost": virtual_host, "type": plan::kind(&self.kind), "durable": true,
            "auto_delete": false, "internal": false, "arguments": {},
        })
    }

    async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(self.name.as_str().into(), self.kind.clone(), options, FieldTable::default()).await
    }
}

impl Queue {
    /// Whether it is there; a no closes the channel.
    async fn look(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(self.name.as_str().into(), options, FieldTable::default()).await.map(drop)
    }

    fn definition(&self, virtual_host: &str) -> serde_json::Value {
        let mut arguments = serde_json::json!({ "x-queue-type": "quorum" });
        for (name, value) in &self.arguments {
            arguments[name] = match value {
                AMQPValue::LongInt(number) => (*number).into(),
                other => plan::text(other).into(),
            };
        }
        serde_json::json!({
            "name": self.name, "vhost": virtual_host, "durable": true, "auto_delete": false, "arguments": arguments,
        })
    }

    async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), text("quorum"));
        for (name, value) in &self.arguments {
            arguments.insert((*name).into(), value.clone());
        }
        let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(self.name.as_str().into(), options, arguments).await.map(drop)
    }
}

impl Binding {
    /// Takes the binding away; one that is not there is no error.
    ///
    /// # Errors
    /// A closed channel: 403 when the broker's user may not.
    pub async fn remove(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let (queue, exchange, key) = (self.queue.as_str(), self.exchange.as_str(), self.routing_key.as_str());
        channel.queue_unbind(queue.into(), exchange.into(), key.into(), FieldTable::default()).await
    }

    fn definition(&self, virtual_host: &str) -> serde_json::Value {
        serde_json::json!({
            "source": self.exchange, "vhost": virtual_host, "destination": self.queue, "destination_type": "queue",
            "routing_key": self.routing_key, "arguments": {},
        })
    }

    /// Declares the binding; one that exists stays as it is.
    ///
    /// # Errors
    /// A closed channel: 404 when the exchange is not there, 403 when the broker's user may not.
    pub async fn declare(&self, channel: &Channel) -> Result<(), lapin::Error> {
        let (queue, exchange, key) = (self.queue.as_str(), self.exchange.as_str(), self.routing_key.as_str());
        let options = QueueBindOptions::default();
        channel.queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default()).await
    }
}

/// Dead-lettering that loses nothing needs both: with another overflow it silently is at most once.
///
/// Source: RabbitMQ documentation, quorum queues, "At-least-once dead lettering".
fn at_least_once(exchange: &str) -> Vec<(&'static str, AMQPValue)> {
    vec![
        ("x-dead-letter-exchange", text(exchange)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ]
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_that_people_look_for_in_the_console() {
        let topology = Topology::of("payments", &["orders.OrderCreated.v1"]);
        let queues: Vec<&str> = topology.queues.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!(
            queues,
            [
                "payments.inbox",
                "payments.dead",
                "payments.retry.1s",
                "payments.retry.5s",
                "payments.retry.30s",
                "payments.retry.2m"
            ]
        );
        let exchanges: Vec<&str> = topology.exchanges.iter().map(|exchange| exchange.name.as_str()).collect();
        assert_eq!(exchanges, ["payments", "payments.dead", "payments.retry", "payments.return"]);
    }

    #[test]
    fn an_inbox_hears_what_its_service_subscribes_to() {
        let topology = Topology::of("payments", &["orders.OrderCreated.v1"]);
        let heard = Binding {
            exchange: "orders".into(),
            routing_key: "orders.OrderCreated.v1".into(),
            queue: "payments.inbox".into(),
        };
        assert_eq!(topology.heard, [heard]);
    }
}
