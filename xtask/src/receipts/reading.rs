//! A line of output of `ocr-service read`: the result for one picture.

use std::collections::HashMap;

use tinyjson::JsonValue;

use crate::receipts::truth::hundredths;

/// The result for a picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) file: String,
    pub(crate) seconds: f64,
    /// The cheque, or the reason why there is none.
    pub(crate) cheque: Result<Cheque, String>,
}

/// A recognised cheque.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cheque {
    /// In hundredths.
    pub(crate) total: Option<i64>,
    /// What else the total may be, in hundredths.
    pub(crate) totals: Vec<i64>,
    pub(crate) lines: Vec<Line>,
    pub(crate) status: String,
}

/// A recognised line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// In hundredths.
    pub(crate) total: Option<i64>,
}

impl Reading {
    /// Parses a line of output; `None` for other lines, such as log lines.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let json: JsonValue = line.parse().ok()?;
        let fields: &HashMap<String, JsonValue> = json.get()?;
        let text = |name: &str| fields.get(name).and_then(JsonValue::get::<String>).cloned();
        let cheque = match fields.get("cheque") {
            Some(json) => Ok(cheque(json)?),
            None => Err(text("refused")?),
        };
        let seconds = fields.get("seconds").and_then(JsonValue::get::<f64>).copied()?;
        // The program prints file names as they were passed; the ground truth has only base names.
        let file = text("file")?.rsplit('/').next()?.to_owned();
        Some(Self { file, seconds, cheque })
    }

    /// A short description.
    pub(crate) fn describe(&self) -> String {
        let seconds = self.seconds;
        match &self.cheque {
            Ok(cheque) => format!("{} in {seconds:.1} s, {} lines", cheque.status, cheque.lines.len()),
            Err(reason) => format!("refused in {seconds:.1} s: {reason}"),
        }
    }
}

impl Cheque {
    /// Whether its status is balanced.
    pub(crate) fn is_balanced(&self) -> bool {
        self.status == "balanced"
    }
}

fn cheque(json: &JsonValue) -> Option<Cheque> {
    let fields: &HashMap<String, JsonValue> = json.get()?;
    let lines: &Vec<JsonValue> = fields.get("products")?.get()?;
    Some(Cheque {
        total: fields.get("total_account").and_then(hundredths),
        totals: fields.get("totals").and_then(totals).unwrap_or_default(),
        lines: lines.iter().map(line).collect::<Option<Vec<Line>>>()?,
        status: fields.get("status")?.get::<String>()?.clone(),
    })
}

fn totals(json: &JsonValue) -> Option<Vec<i64>> {
    let totals: &Vec<JsonValue> = json.get()?;
    let amount = |total: &JsonValue| total.get::<HashMap<String, JsonValue>>()?.get("amount").and_then(hundredths);
    Some(totals.iter().filter_map(amount).collect())
}

fn line(json: &JsonValue) -> Option<Line> {
    let fields: &HashMap<String, JsonValue> = json.get()?;
    let name = fields.get("name")?.get::<String>()?.clone();
    Some(Line { name, total: fields.get("total").and_then(hundredths) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_distinguished_from_log_lines() {
        let read = r#"{"file": "ru_02.jpg", "seconds": 3.1, "cheque": {"total_account": 49.70, "status": "balanced",
            "products": [{"id": 1, "name": "Чай", "numberServings": 1, "price": null, "total": 49.7}]}}"#;
        let reading = Reading::of_line(&read.replace('\n', " ")).unwrap();
        let cheque = reading.cheque.clone().unwrap();
        assert_eq!((cheque.total, cheque.lines[0].total, cheque.is_balanced()), (Some(4970), Some(4970), true));
        assert_eq!(reading.describe(), "balanced in 3.1 s, 1 lines");
        let refused = Reading::of_line(r#"{"file": "a.jpg", "seconds": 0.1, "refused": "broken_picture"}"#).unwrap();
        assert_eq!(refused.cheque, Err("broken_picture".to_owned()));
        assert_eq!(Reading::of_line("INFO reading"), None);
        assert_eq!(Reading::of_line("{}"), None);
    }
}
