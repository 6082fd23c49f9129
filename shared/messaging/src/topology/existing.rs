//! The exchanges, queues and bindings that a broker has, read from the definitions that its management interface
//! exports.

use super::objects::Binding;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Exchanges, queues and bindings of one virtual host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    /// Exchange kinds by name.
    pub(super) exchanges: BTreeMap<String, String>,
    /// Queue arguments, as text, by name.
    pub(super) queues: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) bindings: BTreeSet<Binding>,
}

impl Existing {
    /// Reads the response of `GET /api/definitions/<virtual host>`, or of `GET /api/definitions` for one of its virtual
    /// hosts. What is missing there is assumed not to exist.
    ///
    /// Source: RabbitMQ documentation, "Schema Definition Export and Import".
    pub fn from_definitions(definitions: &Value, virtual_host: &str) -> Self {
        let items = |kind: &str| {
            definitions[kind].as_array().into_iter().flatten().filter(|item| {
                // The export of a single virtual host does not name it.
                item["vhost"].as_str().is_none_or(|name| name == virtual_host)
            })
        };
        let exchanges = items("exchanges").map(|exchange| (text(&exchange["name"]), text(&exchange["type"]))).collect();
        let queues = items("queues")
            .map(|queue| {
                let arguments = queue["arguments"].as_object().into_iter().flatten();
                (text(&queue["name"]), arguments.map(|(name, value)| (name.clone(), text(value))).collect())
            })
            .collect();
        let bindings = items("bindings")
            .filter(|binding| binding["destination_type"] == "queue")
            .map(|binding| Binding {
                exchange: text(&binding["source"]),
                routing_key: text(&binding["routing_key"]),
                queue: text(&binding["destination"]),
            })
            .collect();
        Self { exchanges, queues, bindings }
    }
}

/// A string as it is, any other value as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
