//! Every event with its schema, and the AsyncAPI document made of them.

use crate::envelope::{CONTENT_TYPE, Envelope};
use crate::event::{Event, producer};
use crate::{ocr, orders, payments, router};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// One event of the catalogue.
struct Entry {
    wire_type: &'static str,
    /// What the event means, in one sentence.
    summary: &'static str,
    schemas: Vec<(String, RefOr<Schema>)>,
    name: String,
}

fn entry<E: Event + ToSchema>(summary: &'static str) -> Entry {
    let mut schemas = vec![(E::name().into_owned(), E::schema())];
    E::schemas(&mut schemas);
    Entry { wire_type: E::TYPE, summary, name: E::name().into_owned(), schemas }
}

/// All events, in the order of the lives of a happy order and a happy cheque.
fn entries() -> Vec<Entry> {
    vec![
        entry::<orders::OrderCreated>("An order was placed and waits to be paid."),
        entry::<payments::PaymentCompleted>("The order was charged."),
        entry::<payments::PaymentFailed>("The order was refused, for ever."),
        entry::<ocr::ChequeRecognized>("A photo was read into a cheque."),
        entry::<router::ChequeRequested>("A link was opened whose cheque has not arrived: announce it again."),
        entry::<router::TransferRequested>("A participant of a cheque settles: move the money."),
        entry::<payments::TransferCompleted>("The money of a transfer was moved."),
        entry::<payments::TransferFailed>("The transfer was refused, for ever."),
        entry::<router::ChequeDeleted>("The owner deleted the cheque: delete its photo too."),
    ]
}

/// The event catalogue as an AsyncAPI 3.0 document.
///
/// Source: <https://www.asyncapi.com/docs/reference/specification/v3.0.0>, AMQP bindings 0.3.0.
pub fn asyncapi() -> Value {
    let entries = entries();
    let producers: BTreeSet<&str> = entries.iter().map(|entry| producer(entry.wire_type)).collect();

    let mut schemas = Map::new();
    let mut envelope_schemas = vec![];
    Envelope::<Value>::schemas(&mut envelope_schemas);
    schemas.insert("Envelope".into(), json!(Envelope::<Value>::schema()));
    for (name, schema) in envelope_schemas.into_iter().chain(entries.iter().flat_map(|e| e.schemas.clone())) {
        schemas.insert(name, json!(schema));
    }

    let messages: Map<String, Value> = entries.iter().map(|e| (e.wire_type.to_owned(), message(e))).collect();
    let channels: Map<String, Value> = producers.iter().map(|p| ((*p).to_owned(), channel(p, &entries))).collect();
    let operations: Map<String, Value> = entries.iter().map(operation).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Chipin events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Generated from the types of the crate `contracts`: `cargo xtask generate`.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas },
    })
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

/// What the producer does with the event; consumers read the same channel.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value) -> Vec<String> {
        match value {
            Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| match (name.as_str(), value) {
                    ("$ref", Value::String(target)) => vec![target.clone()],
                    _ => references(value),
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(references).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = asyncapi();
        let references = references(&document);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_event_with_a_golden_file_is_in_the_catalogue() {
        let golden = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).unwrap();
        let pinned: BTreeSet<String> = golden
            .map(|file| file.unwrap().file_name().into_string().unwrap().trim_end_matches(".json").to_owned())
            .collect();
        let listed: BTreeSet<String> = entries().iter().map(|entry| entry.wire_type.to_owned()).collect();
        assert_eq!(pinned, listed);
    }
}
