//! An exchange, a queue and a binding, as values.

use super::argument::{Argument, ExchangeKind};
use std::fmt;

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
    /// Its arguments in addition to `x-queue-type: quorum`.
    pub arguments: Vec<(&'static str, Argument)>,
}

/// A binding of a queue to an exchange.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// The exchange.
    pub exchange: String,
    /// The routing key or pattern.
    pub routing_key: String,
    /// The queue.
    pub queue: String,
}

impl Exchange {
    pub(super) fn definition(&self, virtual_host: &str) -> serde_json::Value {
        serde_json::json!({
            "name": self.name, "vhost": virtual_host, "type": self.kind.as_str(), "durable": true,
            "auto_delete": false, "internal": false, "arguments": {},
        })
    }
}

impl Queue {
    pub(super) fn definition(&self, virtual_host: &str) -> serde_json::Value {
        let mut arguments = serde_json::json!({ "x-queue-type": "quorum" });
        for (name, value) in &self.arguments {
            arguments[name] = match value {
                Argument::Number(number) => (*number).into(),
                Argument::Text(text) => text.as_str().into(),
            };
        }
        serde_json::json!({
            "name": self.name, "vhost": virtual_host, "durable": true, "auto_delete": false, "arguments": arguments,
        })
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {} by \"{}\"", self.exchange, self.queue, self.routing_key)
    }
}

impl Binding {
    pub(super) fn definition(&self, virtual_host: &str) -> serde_json::Value {
        serde_json::json!({
            "source": self.exchange, "vhost": virtual_host, "destination": self.queue, "destination_type": "queue",
            "routing_key": self.routing_key, "arguments": {},
        })
    }
}
