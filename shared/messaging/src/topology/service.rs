//! Everything that one service declares.

use super::argument::{Argument, ExchangeKind};
use super::objects::{Binding, Exchange, Queue};
use crate::Subscriptions;
use rabbit_outbox_event::producer;

/// Delivery limit after which RabbitMQ itself gives up on a message: a backstop against crash loops.
///
/// A crash counts for every prefetched message, so the limit must not be small.
const DELIVERY_LIMIT: i32 = 20;

/// The rungs of the retry ladder, with the delay of each.
pub const LADDER: [(&str, i32); 4] = [("1s", 1_000), ("5s", 5_000), ("30s", 30_000), ("2m", 120_000)];

/// Everything that a service declares.
#[derive(Clone, Debug, PartialEq)]
pub struct Topology {
    /// Durable exchanges.
    pub exchanges: Vec<Exchange>,
    /// Durable quorum queues.
    pub queues: Vec<Queue>,
    /// Bindings of those queues to those exchanges.
    pub bindings: Vec<Binding>,
    /// Bindings of the inbox to the exchanges of other services, which may not exist yet.
    pub heard: Vec<Binding>,
}

impl Topology {
    /// The topology of a service that subscribes to the given wire types.
    ///
    /// `<service>` is the exchange for its events, `<service>.inbox` is the queue for what it subscribes to,
    /// `<service>.dead` is for dead letters, and `<service>.retry.*` are the queues of the retry ladder: messages enter
    /// them through the exchange `<service>.retry` and leave them through `<service>.return`. Each service has its own
    /// ladder: a shared one would stall for all services if one target was missing, and would let one service write
    /// into another's inbox.
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
                    arguments: [at_least_once(&dead), vec![("x-delivery-limit", Argument::Number(DELIVERY_LIMIT))]]
                        .concat(),
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
            arguments.push(("x-message-ttl", Argument::Number(wait_ms)));
            topology.queues.push(Queue { name, arguments });
        }
        topology
    }

    /// The topology of a service with these subscriptions.
    pub(crate) fn for_subscriptions(service: &str, subscriptions: &Subscriptions) -> Self {
        let foreign = subscriptions.foreign_bindings(&format!("{service}.inbox"));
        Self::of(service, &subscriptions.wire_types()).hearing(foreign)
    }

    /// Adds subscriptions.
    #[must_use]
    pub fn hearing(mut self, bindings: Vec<Binding>) -> Self {
        self.heard.extend(bindings);
        self
    }

    /// The definitions that an administrator imports if the service declares nothing: with `rabbitmqctl
    /// import_definitions` or the console's *Import definitions*. They include the bindings to other services'
    /// exchanges.
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

/// At-least-once dead lettering needs both arguments: with another overflow behaviour it silently becomes at-most-once.
///
/// Source: RabbitMQ documentation, quorum queues, "At-least-once dead lettering".
fn at_least_once(exchange: &str) -> Vec<(&'static str, Argument)> {
    vec![
        ("x-dead-letter-exchange", text(exchange)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ]
}

fn text(value: &str) -> Argument {
    Argument::Text(value.to_owned())
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
    fn an_inbox_is_bound_to_what_its_service_subscribes_to() {
        let topology = Topology::of("payments", &["orders.OrderCreated.v1"]);
        let heard = Binding {
            exchange: "orders".into(),
            routing_key: "orders.OrderCreated.v1".into(),
            queue: "payments.inbox".into(),
        };
        assert_eq!(topology.heard, [heard]);
    }
}
