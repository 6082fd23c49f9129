//! Formats the scores as a table and as JSON.

use std::collections::HashMap;
use std::fmt::Write as _;

use tinyjson::JsonValue;

use crate::receipts::score::{Miss, Score, Scores};

/// The table, followed by the misses.
pub(crate) fn table(scores: &Scores) -> String {
    let mut text = String::new();
    for score in scores.0.values() {
        for miss in &score.misses {
            let _ = writeln!(text, "{}", describe(miss));
        }
    }
    let _ = writeln!(
        text,
        "\n{:<18} {:>8} {:>13} {:>8} {:>10} {:>7} {:>6} {:>9} {:>6} {:>8} {:>7} {:>7}",
        "kind",
        "pictures",
        "totals right",
        "proposed",
        "precision",
        "recall",
        "F1",
        "balanced",
        "wrong",
        "refused",
        "p50",
        "p95"
    );
    for (kind, score) in &scores.0 {
        let right = format!("{} ({:.0} %)", score.totals_right, 100.0 * fraction(score.totals_right, score.pictures));
        let _ = writeln!(
            text,
            "{kind:<18} {:>8} {right:>13} {:>8} {:>10} {:>7} {:>6} {:>9} {:>6} {:>8} {:>7} {:>7}",
            score.pictures,
            score.totals_proposed,
            decimals(score.precision(), ""),
            decimals(score.recall(), ""),
            decimals(score.f1(), ""),
            score.balanced,
            score.balanced_wrong,
            score.refused,
            decimals(score.percentile(50), " s"),
            decimals(score.percentile(95), " s"),
        );
    }
    text.trim_end().to_owned()
}

fn describe(miss: &Miss) -> String {
    match (miss.expected.as_str(), miss.got.as_str()) {
        (expected, "") => format!("{}: missed {} `{expected}`", miss.file, miss.what),
        ("", got) => format!("{}: invented {} `{got}`", miss.file, miss.what),
        (expected, got) => format!("{}: {} expected {expected}, got {got}", miss.file, miss.what),
    }
}

fn decimals(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}{unit}"))
}

fn fraction(some: usize, all: usize) -> f64 {
    number(some) / number(all.max(1))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// A JSON object with one member per kind.
pub(crate) fn json(scores: &Scores) -> String {
    let kinds = scores.0.iter().map(|(kind, score)| (kind.clone(), of_score(score))).collect::<HashMap<_, _>>();
    let json = JsonValue::from(kinds);
    json.stringify().unwrap_or_default()
}

fn of_score(score: &Score) -> JsonValue {
    let count = |value: usize| JsonValue::from(number(value));
    let maybe = |value: Option<f64>| value.map_or(JsonValue::Null, JsonValue::from);
    let misses: Vec<JsonValue> = score.misses.iter().map(of_miss).collect();
    object([
        ("pictures", count(score.pictures)),
        ("totals_right", count(score.totals_right)),
        ("totals_proposed", count(score.totals_proposed)),
        ("lines_right", count(score.lines_right)),
        ("lines_extra", count(score.lines_extra)),
        ("lines_missed", count(score.lines_missed)),
        ("precision", maybe(score.precision())),
        ("recall", maybe(score.recall())),
        ("f1", maybe(score.f1())),
        ("balanced", count(score.balanced)),
        ("balanced_wrong", count(score.balanced_wrong)),
        ("refused", count(score.refused)),
        ("unanswered", count(score.without_result)),
        ("seconds_p50", maybe(score.percentile(50))),
        ("seconds_p95", maybe(score.percentile(95))),
        ("misses", JsonValue::from(misses)),
    ])
}

fn of_miss(miss: &Miss) -> JsonValue {
    object([
        ("file", JsonValue::from(miss.file.clone())),
        ("what", JsonValue::from(miss.what.to_owned())),
        ("expected", JsonValue::from(miss.expected.clone())),
        ("got", JsonValue::from(miss.got.clone())),
    ])
}

fn object<const N: usize>(members: [(&str, JsonValue); N]) -> JsonValue {
    JsonValue::from(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<HashMap<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> Scores {
        let miss = Miss { file: "ru_1.jpg".into(), what: "total", expected: "1.00".into(), got: "2.00".into() };
        let score = Score {
            pictures: 2,
            totals_right: 1,
            totals_proposed: 1,
            lines_right: 1,
            lines_extra: 1,
            seconds: vec![1.0, 2.0],
            misses: vec![miss],
            ..Score::default()
        };
        Scores([("ru".to_owned(), score)].into())
    }

    #[test]
    fn the_table_has_a_row_per_kind_and_a_line_per_miss() {
        let table = table(&scores());
        assert!(table.starts_with("ru_1.jpg: total expected 1.00, got 2.00\n"), "{table}");
        let row: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(row, "ru 2 1 (50 %) 1 0.50 1.00 0.67 0 0 0 1.00 s 2.00 s".split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn the_json_is_read_back() {
        let json: JsonValue = json(&scores()).parse().unwrap();
        assert_eq!(json["ru"]["totals_right"], JsonValue::from(1.0));
        assert_eq!(json["ru"]["misses"][0]["got"], JsonValue::from("2.00".to_owned()));
    }
}
