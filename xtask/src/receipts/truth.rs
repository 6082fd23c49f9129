//! `ground_truth.json`: the true contents of the receipts in a folder.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use tinyjson::JsonValue;

use crate::failure::{Doing, Failure};

/// The true content of a receipt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt {
    /// File name of the picture in `images/`.
    pub(crate) file: String,
    /// The total, in hundredths; `None` if there is none, as with two receipts in one picture.
    pub(crate) total: Option<i64>,
    /// The lines, if known.
    pub(crate) items: Option<Vec<Item>>,
    /// What is special about it, if the truth names it: `currency JPY`, `fault tilt`.
    pub(crate) kinds: Vec<String>,
}

/// The true content of a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) name: String,
    /// In hundredths.
    pub(crate) total: i64,
    /// A line without a price, which may be recognised or not.
    pub(crate) optional: bool,
}

impl Receipt {
    /// The kinds of receipt: all together, and each; if it names none, the part of the file name before the first `_`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let stem = self.file.split('.').next().unwrap_or_default();
        let first = stem.split_once('_').map_or(stem, |(kind, _)| kind).to_owned();
        std::iter::once(first).chain(self.kinds.iter().cloned()).collect()
    }
}

/// Converts a JSON number in major units to hundredths.
pub(crate) fn hundredths(value: &JsonValue) -> Option<i64> {
    let number = value.get::<f64>()?;
    format!("{:.0}", number * 100.0).parse().ok()
}

/// Reads the ground truth of a folder.
///
/// # Errors
/// Fails if the file is missing or malformed, or a picture is missing.
pub(crate) fn receipts(folder: &Path) -> Result<Vec<Receipt>, Failure> {
    let path = folder.join("ground_truth.json");
    let text = fs::read_to_string(&path).doing(format!("read {}", path.display()))?;
    let receipts = of_json(&text).map_err(|what| Failure::new(format!("{}: {what}", path.display())))?;
    for receipt in &receipts {
        let picture = folder.join("images").join(&receipt.file);
        if !picture.is_file() {
            return Err(Failure::new(format!("{} is missing", picture.display())));
        }
    }
    Ok(receipts)
}

fn of_json(text: &str) -> Result<Vec<Receipt>, String> {
    let json: JsonValue = text.parse().map_err(|error: tinyjson::JsonParseError| error.to_string())?;
    let top: &HashMap<String, JsonValue> = json.get().ok_or("must be an object")?;
    let receipts: &Vec<JsonValue> = top.get("receipts").and_then(JsonValue::get).ok_or("`receipts` must be a list")?;
    receipts
        .iter()
        .enumerate()
        .map(|(at, json)| receipt(json).ok_or_else(|| format!("receipt {at} is malformed")))
        .collect()
}

fn receipt(json: &JsonValue) -> Option<Receipt> {
    let fields: &HashMap<String, JsonValue> = json.get()?;
    let items = match fields.get("items") {
        None | Some(JsonValue::Null) => None,
        Some(items) => Some(items.get::<Vec<JsonValue>>()?.iter().map(item).collect::<Option<Vec<Item>>>()?),
    };
    Some(Receipt {
        file: fields.get("file")?.get::<String>()?.clone(),
        total: match fields.get("total")? {
            JsonValue::Null => None,
            total => Some(hundredths(total)?),
        },
        items,
        kinds: kinds(fields.get("kinds"))?,
    })
}

fn kinds(kinds: Option<&JsonValue>) -> Option<Vec<String>> {
    let Some(kinds) = kinds else { return Some(vec![]) };
    kinds.get::<Vec<JsonValue>>()?.iter().map(|kind| kind.get::<String>().cloned()).collect()
}

fn item(json: &JsonValue) -> Option<Item> {
    let fields: &HashMap<String, JsonValue> = json.get()?;
    Some(Item {
        name: fields.get("name")?.get::<String>()?.clone(),
        total: hundredths(fields.get("total")?)?,
        optional: fields.get("optional").and_then(JsonValue::get::<bool>).copied().unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_with_and_without_lines() {
        let text = r#"{"receipts": [
            {"file": "ru_02.jpg", "total": 4970, "items": [
                {"name": "Чай", "qty": 2, "total": 123.45}, {"name": "Кружка", "total": 0, "optional": true}]},
            {"file": "de_A_00.jpg", "total": 152.0},
            {"file": "two.png", "total": null, "kinds": ["fault tilt"]}]}"#;
        let receipts = of_json(text).unwrap();
        assert_eq!((receipts[0].kinds(), receipts[0].total), (vec!["ru".to_owned()], Some(497_000)));
        let items = receipts[0].items.as_ref().unwrap();
        assert_eq!((items[0].total, items[0].optional, items[1].optional), (12_345, false, true));
        assert_eq!((receipts[1].kinds(), receipts[1].items.as_ref()), (vec!["de".to_owned()], None));
        assert_eq!((receipts[2].kinds(), receipts[2].total), (vec!["two".to_owned(), "fault tilt".to_owned()], None));
    }

    #[test]
    fn malformed_files_are_reported() {
        assert_eq!(of_json("{}"), Err("`receipts` must be a list".to_owned()));
        assert_eq!(of_json(r#"{"receipts": [{"file": "a.jpg"}]}"#), Err("receipt 0 is malformed".to_owned()));
        assert!(of_json("{").is_err());
    }
}
