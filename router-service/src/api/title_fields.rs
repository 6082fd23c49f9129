//! The fields of a request that say what a bill is called.

use super::nested_body::name;
use contracts::day;
use contracts::title::MERCHANT_CHARACTERS_MAX;
use std::ops::RangeInclusive;
use time::Date;

/// A year outside is a typing error.
const YEARS: RangeInclusive<i32> = 2000..=2099;

/// Parses the name of a restaurant or shop.
pub(super) fn merchant(json: &str) -> Result<String, String> {
    name(MERCHANT_CHARACTERS_MAX)(json)
}

/// Parses the day of a purchase.
pub(super) fn purchased_on(json: &str) -> Result<Date, String> {
    let text: Option<String> = serde_json::from_str(json).ok();
    let date = text.and_then(|text| day::parse(&text)).filter(|date| YEARS.contains(&date.year()));
    date.ok_or_else(|| "must be a day from 2000 to 2099, as in 2026-02-05".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merchant_is_visible_and_short_and_a_day_is_one() {
        assert_eq!(merchant("\" Кафе «Луна» \""), Ok("Кафе «Луна»".to_owned()));
        for json in ["\"\"", "\"\u{200b}\"", "\"a\u{202e}\"", "5", &format!("\"{}\"", "a".repeat(81))] {
            assert!(merchant(json).is_err(), "{json}");
        }
        assert!(purchased_on("\"2026-02-05\"").is_ok());
        for json in ["\"2026-02-30\"", "\"0026-02-05\"", "\"5 Feb\"", "20260205"] {
            assert!(purchased_on(json).is_err(), "{json}");
        }
    }
}
