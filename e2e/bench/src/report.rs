//! Results as a table and as a JSON object.

use serde_json::{Map, Value};
use std::process::ExitCode;

/// The rows of the table, and the fields of the JSON object.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<(String, String)>,
    fields: Map<String, Value>,
    /// Violated rules, which invalidate all results.
    broken: Vec<String>,
}

impl Report {
    /// Adds a value with its unit; the table shows it with `digits` decimals.
    pub(crate) fn figure(&mut self, label: &str, field: &str, value: f64, digits: usize, unit: &str) {
        self.rows.push((label.to_owned(), format!("{value:.digits$} {unit}")));
        // Three decimals are more precise than any of these measurements.
        self.fields.insert(field.to_owned(), Value::from((value * 1000.0).round() / 1000.0));
    }

    /// Adds an explanatory row, only to the table.
    pub(crate) fn note(&mut self, label: &str, text: impl Into<String>) {
        self.rows.push((label.to_owned(), text.into()));
    }

    /// Adds a structured value, only to the JSON object.
    pub(crate) fn field(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_owned(), value);
    }

    /// Adds the result of checking the invariants.
    pub(crate) fn checked(&mut self, broken: Vec<String>) {
        let result = if broken.is_empty() { "hold".to_owned() } else { format!("{} VIOLATED", broken.len()) };
        self.rows.push(("invariants".to_owned(), result));
        self.fields.insert("broken_invariants".to_owned(), Value::from(broken.len()));
        self.broken.extend(broken);
    }

    /// Prints the table, and with `json` the object as the last line.
    pub(crate) fn print(&self, json: bool) {
        let width = self.rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, text) in &self.rows {
            println!("{label:<width$}  {text}");
        }
        for rule in self.broken.iter().take(20) {
            println!("BROKEN: {rule}");
        }
        if json {
            println!("{}", Value::Object(self.fields.clone()));
        }
    }

    /// Success if no rule is violated.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
