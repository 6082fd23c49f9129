//! Formats dead letters as tables and as JSON.

use std::collections::HashMap;
use std::fmt::Write as _;

use tinyjson::JsonValue;

use crate::dead_letters::found::Found;
use crate::services::Service;

/// Length of a reason in the table; `show` prints all of it.
const REASON_CHARS: usize = 80;

/// The fields of a dead letter, in print order.
const FACTS: [&str; 14] = [
    "event_id",
    "direction",
    "event_type",
    "state",
    "reason",
    "attempts",
    "ordering_key",
    "correlation_id",
    "trace_id",
    "occurred_at",
    "failed_at",
    "settled_at",
    "exchange",
    "routing_key",
];

pub(super) fn list(letters: &[Found], json: bool) -> String {
    if json {
        return json_of(&JsonValue::Array(letters.iter().map(with_service).collect()));
    }
    if letters.is_empty() {
        return "No dead letters.".to_owned();
    }
    let mut text = format!(
        "{:<9} {:<9} {:<36} {:<30} {:>8}  {:<20} {}",
        "SERVICE", "DIRECTION", "EVENT", "TYPE", "ATTEMPTS", "FAILED AT", "REASON"
    );
    for found in letters {
        let fact = |name: &str| text_of(found.letter.get(name));
        let reason: String = fact("reason").chars().take(REASON_CHARS).collect();
        let failed_at: String = fact("failed_at").chars().take(19).collect();
        let _ = write!(
            text,
            "\n{:<9} {:<9} {:<36} {:<30} {:>8}  {failed_at:<20} {reason}",
            found.service.name,
            fact("direction"),
            fact("event_id"),
            fact("event_type"),
            fact("attempts"),
        );
    }
    text
}

pub(super) fn letter(found: &Found, json: bool) -> String {
    if json {
        return json_of(&with_service(found));
    }
    let mut text = format!("{:<15} {}", "service", found.service.name);
    for name in FACTS {
        if let Some(value) = found.letter.get(name).filter(|value| !value.is_null()) {
            let _ = write!(text, "\n{name:<15} {}", text_of(Some(value)));
        }
    }
    if let Some(payload) = found.letter.get("payload") {
        let _ = write!(text, "\n\n{}", payload.format().unwrap_or_default());
    }
    if let Some(bytes) = found.letter.get("payload_base64") {
        let _ = write!(text, "\n\nin Base64: {}", text_of(Some(bytes)));
    }
    text
}

pub(super) fn settled(counts: &[(Service, f64)], json: bool) -> String {
    if json {
        let object: HashMap<String, JsonValue> =
            counts.iter().map(|(service, count)| (service.name.to_owned(), JsonValue::Number(*count))).collect();
        return json_of(&JsonValue::Object(object));
    }
    let lines: Vec<String> =
        counts.iter().map(|(service, count)| format!("{:<9} {count} settled", service.name)).collect();
    lines.join("\n")
}

fn with_service(found: &Found) -> JsonValue {
    let mut letter = found.letter.clone();
    letter.insert("service".to_owned(), JsonValue::String(found.service.name.to_owned()));
    JsonValue::Object(letter)
}

fn json_of(value: &JsonValue) -> String {
    value.stringify().unwrap_or_default()
}

/// A value without JSON quotes.
fn text_of(value: Option<&JsonValue>) -> String {
    match value {
        None | Some(JsonValue::Null) => String::new(),
        Some(JsonValue::String(text)) => text.clone(),
        Some(other) => json_of(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        let letter: JsonValue = r#"{"event_id": "1", "direction": "incoming", "event_type": "a.B.v1", "reason": "no",
            "attempts": 2, "failed_at": "2026-11-21T10:00:00.123Z", "settled_at": null, "payload": {"n": 1}}"#
            .parse()
            .unwrap();
        Found { service: crate::services::SERVICES[3], letter: letter.try_into().unwrap() }
    }

    #[test]
    fn a_table_has_a_line_for_each_letter() {
        let table = list(&[found()], false);
        let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["router", "incoming", "1", "a.B.v1", "2", "2026-11-21T10:00:00", "no"]);
        assert_eq!(list(&[], false), "No dead letters.");
    }

    #[test]
    fn a_dead_letter_is_printed_with_its_fields_and_payload() {
        let text = letter(&found(), false);
        assert!(text.contains("attempts        2\n") && text.ends_with("{\n  \"n\": 1\n}"), "{text}");
        assert!(!text.contains("settled_at"), "{text}");
        assert!(letter(&found(), true).contains(r#""service":"router""#));
    }
}
