//! What was measured: rows for people, one JSON object for programs.

use serde_json::{Map, Value};
use std::process::ExitCode;

/// Rows of a table, and the same as fields.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<(String, String)>,
    fields: Map<String, Value>,
    /// Rules that were broken: with one of them, no figure counts.
    broken: Vec<String>,
}

impl Report {
    /// A figure with its unit, for people as `digits` after the point.
    pub(crate) fn figure(&mut self, label: &str, field: &str, value: f64, digits: usize, unit: &str) {
        self.rows.push((label.to_owned(), format!("{value:.digits$} {unit}")));
        // Three digits after the point are more than any of this is worth.
        self.fields.insert(field.to_owned(), Value::from((value * 1000.0).round() / 1000.0));
    }

    /// A row that explains; programs do not get it.
    pub(crate) fn note(&mut self, label: &str, text: impl Into<String>) {
        self.rows.push((label.to_owned(), text.into()));
    }

    /// A structured figure, for programs only.
    pub(crate) fn field(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_owned(), value);
    }

    /// The outcome of checking the invariants.
    pub(crate) fn checked(&mut self, broken: Vec<String>) {
        let told = if broken.is_empty() { "hold".to_owned() } else { format!("{} BROKEN", broken.len()) };
        self.rows.push(("invariants".to_owned(), told));
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

    /// Success only if nothing was broken.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
