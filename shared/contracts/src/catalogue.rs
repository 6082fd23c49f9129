//! Every event of Chipin, in one table; its document is `docs/asyncapi.json`.

use crate::{ocr, orders, payments, router, users};
use rabbit_outbox_event::catalogue::Catalogue;

/// All events, in the order in which they occur for a paid order and a settled cheque.
pub fn catalogue() -> Catalogue {
    let about = "Generated from the types of the crate `contracts`: `cargo xtask generate`.";
    Catalogue::new("Chipin events", env!("CARGO_PKG_VERSION"), about)
        .event::<users::UserRegistered>("A user registered: they get an account.")
        .event::<orders::OrderCreated>("An order was placed and awaits payment.")
        .event::<payments::PaymentCompleted>("The order was charged.")
        .event::<payments::PaymentFailed>("The order was refused permanently.")
        .event::<ocr::ChequeRecognized>("A cheque was recognised on a photo.")
        .event::<ocr::ChequePageRead>("A further photo of a cheque was read, or a photo was taken again.")
        .event::<router::ChequeEntered>("A bill was entered by hand: take photos of it.")
        .event::<router::ChequeRequested>(
            "A share link was opened before its cheque arrived: publish the cheque again.",
        )
        .event::<router::TransferRequested>("A participant of a cheque settles: transfer the money.")
        .event::<payments::TransferCompleted>("The transfer was completed.")
        .event::<payments::TransferFailed>("The transfer was refused permanently.")
        .event::<router::ChequeDeleted>("The owner deleted the cheque: delete its photo too.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

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
    fn every_reference_can_be_resolved() {
        let document = catalogue().asyncapi();
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
        let listed: BTreeSet<String> = catalogue().wire_types().map(str::to_owned).collect();
        assert_eq!(pinned, listed);
    }
}
