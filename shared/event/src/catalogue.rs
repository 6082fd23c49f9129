//! A list of events with their schemas, and the AsyncAPI document that is generated from it.

use crate::envelope::{CONTENT_TYPE, Envelope};
use crate::{Event, producer};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The events of a system: a table maintained by hand, from which documents are generated.
///
/// ```
/// use rabbit_outbox_event::catalogue::Catalogue;
/// # use rabbit_outbox_event::Event;
/// # #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
/// # struct ParcelSent { parcel: i64 }
/// # impl Event for ParcelSent {
/// #     const TYPE: &'static str = "parcels.ParcelSent.v1";
/// #     fn ordering_key(&self) -> String { self.parcel.to_string() }
/// # }
/// let catalogue = Catalogue::new("Parcel events", "1.0.0", "Events of the parcel service.")
///     .event::<ParcelSent>("A parcel has left.");
/// assert_eq!(catalogue.asyncapi()["asyncapi"], "3.0.0");
/// ```
pub struct Catalogue {
    title: &'static str,
    version: &'static str,
    description: &'static str,
    entries: Vec<Entry>,
}

/// One event of the catalogue.
struct Entry {
    wire_type: &'static str,
    /// The meaning of the event, in one sentence.
    summary: &'static str,
    schemas: Vec<(String, RefOr<Schema>)>,
    name: String,
}

impl Catalogue {
    /// An empty catalogue with the title, version and description of its document.
    pub fn new(title: &'static str, version: &'static str, description: &'static str) -> Self {
        Self { title, version, description, entries: vec![] }
    }

    /// Adds an event with its meaning in one sentence.
    #[must_use]
    pub fn event<E: Event + ToSchema>(mut self, summary: &'static str) -> Self {
        let mut schemas = vec![(E::name().into_owned(), E::schema())];
        E::schemas(&mut schemas);
        self.entries.push(Entry { wire_type: E::TYPE, summary, name: E::name().into_owned(), schemas });
        self
    }

    /// The wire types, in the order in which they were added.
    pub fn wire_types(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.wire_type)
    }

    /// The catalogue as an AsyncAPI 3.0 document.
    ///
    /// Source: <https://www.asyncapi.com/docs/reference/specification/v3.0.0>, AMQP bindings 0.3.0.
    pub fn asyncapi(&self) -> Value {
        let entries = &self.entries;
        let producers: BTreeSet<&str> = entries.iter().map(|entry| producer(entry.wire_type)).collect();

        let mut schemas = Map::new();
        let mut envelope_schemas = vec![];
        Envelope::<Value>::schemas(&mut envelope_schemas);
        schemas.insert("Envelope".into(), json!(Envelope::<Value>::schema()));
        for (name, schema) in envelope_schemas.into_iter().chain(entries.iter().flat_map(|e| e.schemas.clone())) {
            schemas.insert(name, json!(schema));
        }

        let messages: Map<String, Value> = entries.iter().map(|e| (e.wire_type.to_owned(), message(e))).collect();
        let channels: Map<String, Value> = producers.iter().map(|p| ((*p).to_owned(), channel(p, entries))).collect();
        let operations: Map<String, Value> = entries.iter().map(operation).collect();
        json!({
            "asyncapi": "3.0.0",
            "info": { "title": self.title, "version": self.version, "description": self.description },
            "defaultContentType": CONTENT_TYPE,
            "channels": channels,
            "operations": operations,
            "components": { "messages": messages, "schemas": schemas },
        })
    }
}

fn message(entry: &Entry) -> Value {
    json!({
        "name": entry.wire_type,
        "title": entry.name,
        "summary": entry.summary,
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                { "$ref": "#/components/schemas/Envelope" },
                {
                    "type": "object",
                    "properties": {
                        "type": { "const": entry.wire_type },
                        "data": { "$ref": format!("#/components/schemas/{}", entry.name) },
                    },
                },
            ],
        },
        "bindings": { "amqp": { "contentEncoding": "utf-8", "messageType": entry.wire_type, "bindingVersion": "0.3.0" } },
    })
}

/// One channel per producer: its topic exchange.
fn channel(exchange: &str, entries: &[Entry]) -> Value {
    let messages: Map<String, Value> = entries
        .iter()
        .filter(|entry| producer(entry.wire_type) == exchange)
        .map(|entry| {
            let reference = format!("#/components/messages/{}", entry.wire_type);
            (entry.wire_type.to_owned(), json!({ "$ref": reference }))
        })
        .collect();
    json!({
        "address": exchange,
        "description": format!("Topic exchange of {exchange}-service; the routing key is the event's type."),
        "messages": messages,
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": { "name": exchange, "type": "topic", "durable": true, "autoDelete": false },
                "bindingVersion": "0.3.0",
            },
        },
    })
}

/// The operation of the producer; consumers read from the same channel.
fn operation(entry: &Entry) -> (String, Value) {
    let exchange = producer(entry.wire_type);
    let value = json!({
        "action": "send",
        "summary": entry.summary,
        "channel": { "$ref": format!("#/channels/{exchange}") },
        "messages": [{ "$ref": format!("#/channels/{exchange}/messages/{}", entry.wire_type) }],
        "bindings": { "amqp": { "deliveryMode": 2, "mandatory": true, "ack": true, "bindingVersion": "0.3.0" } },
    });
    (format!("announce{}", entry.name), value)
}
