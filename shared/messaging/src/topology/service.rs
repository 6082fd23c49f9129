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
#[non_exhaustive]
pub struct Topology {
    /// The service.
    pub(super) service: String,
    /// Durable exchanges.
    pub exchanges: Vec<Exchange>,
    /// Durable quorum queues.
    pub queues: Vec<Queue>,
    /// Bindings of those queues to those exchanges.
    pub bindings: Vec<Binding>,
    /// Bindings of the inbox to the exchanges of other services, which may not exist yet.
    pub subscriptions: Vec<Binding>,
    /// The former name of `subscriptions`, and a copy of it: changing it changes nothing.
    #[deprecated(since = "0.2.0", note = "renamed to `subscriptions`")]
    pub heard: Vec<Binding>,
}

impl Topology {
    /// The topology of a service that subscribes to the given wire types; without any it is only the exchange for its
    /// own events.
    ///
    /// `<service>` is the exchange for its events, `<service>.inbox` is the queue for what it subscribes to,
    /// `<service>.dead` is for dead letters, and `<service>.retry.*` are the queues of the retry ladder: messages enter
    /// them through the exchange `<service>.retry` and leave them through `<service>.return`. Each service has its own
    /// ladder: a shared one would stall for all services if one target was missing, and would let one service write
    /// into another's inbox.
    pub fn of(service: &str, wire_types: &[&str]) -> Self {
        let inbox = format!("{service}.inbox");
        let binding = |wire_type: &&str| Binding {
            exchange: producer(wire_type).to_owned(),
            routing_key: (*wire_type).to_owned(),
            queue: inbox.clone(),
        };
        Self::publishing(service).with_subscriptions(wire_types.iter().map(binding).collect())
    }

    /// Of a service that publishes and consumes nothing.
    pub(crate) fn publishing(service: &str) -> Self {
        let exchanges = vec![Exchange { name: service.to_owned(), kind: ExchangeKind::Topic }];
        #[expect(deprecated, reason = "the former name of a field stays for one release")]
        Self {
            service: service.to_owned(),
            exchanges,
            queues: vec![],
            bindings: vec![],
            subscriptions: vec![],
            heard: vec![],
        }
    }

    /// Of a service that consumes, without its subscriptions.
    pub(crate) fn consuming(service: &str) -> Self {
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

        let mut topology = Self::publishing(service);
        topology.exchanges.extend([
            exchange(&dead, ExchangeKind::Fanout),
            exchange(&retry, ExchangeKind::Direct),
            exchange(&back, ExchangeKind::Direct),
        ]);
        topology.queues = vec![
            Queue {
                name: inbox.clone(),
                arguments: [at_least_once(&dead), vec![("x-delivery-limit", Argument::Number(DELIVERY_LIMIT))]]
                    .concat(),
            },
            Queue { name: dead.clone(), arguments: vec![] },
        ];
        topology.bindings = vec![binding(&dead, "", &dead), binding(&back, &inbox, &inbox)];
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
        // Its consumer runs, so it has an inbox even without subscriptions.
        let own = Self::of(service, &subscriptions.wire_types()).subscriptions;
        Self::consuming(service).with_subscriptions(own).with_subscriptions(foreign)
    }

    /// Adds subscriptions; with the first one, what is needed to consume.
    #[must_use]
    pub fn with_subscriptions(self, bindings: Vec<Binding>) -> Self {
        let consumes = !self.queues.is_empty() || bindings.is_empty();
        let mut topology = if consumes { self } else { Self::consuming(&self.service) };
        topology.subscriptions.extend(bindings);
        #[expect(deprecated, reason = "the former name of a field stays for one release")]
        topology.heard.clone_from(&topology.subscriptions);
        topology
    }

    /// The former name of [`Topology::with_subscriptions`].
    #[deprecated(since = "0.2.0", note = "renamed to `with_subscriptions`")]
    #[must_use]
    pub fn hearing(self, bindings: Vec<Binding>) -> Self {
        self.with_subscriptions(bindings)
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
            self.bindings.iter().chain(&self.subscriptions).map(|binding| binding.definition(virtual_host)).collect();
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
        let subscription = Binding {
            exchange: "orders".into(),
            routing_key: "orders.OrderCreated.v1".into(),
            queue: "payments.inbox".into(),
        };
        assert_eq!(topology.subscriptions, [subscription]);
    }

    #[test]
    fn a_service_that_consumes_nothing_has_only_its_exchange() {
        let topology = Topology::of("users", &[]);
        let exchanges: Vec<&str> = topology.exchanges.iter().map(|exchange| exchange.name.as_str()).collect();
        assert_eq!((exchanges, topology.queues.len(), topology.bindings.len()), (vec!["users"], 0, 0));
        assert_eq!(topology.clone().with_subscriptions(vec![]), topology);
        let foreign = Binding { exchange: "scans".into(), routing_key: "#".into(), queue: "users.inbox".into() };
        let consuming = topology.with_subscriptions(vec![foreign.clone()]);
        assert_eq!(consuming, Topology::consuming("users").with_subscriptions(vec![foreign]));
        assert_eq!(Topology::for_subscriptions("users", &Subscriptions::new()).queues.len(), 6);
    }
}
