//! Days in JSON: `"2026-02-05"`, by the calendar of the place where something was bought.
//!
//! Source: RFC 3339, section 5.6, `full-date`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// Parses a day; `None` if the text is not exactly one.
pub fn parse(text: &str) -> Option<Date> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    Date::parse(text, FORMAT).ok().filter(|_| text.len() == 10 && digits == 8)
}

/// For `#[serde(with = "day")]` of an optional field.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = day.map(|day| day.format(FORMAT)).transpose().map_err(serde::ser::Error::custom)?;
    text.serialize(serializer)
}

/// For `#[serde(with = "day")]` of an optional field.
///
/// # Errors
/// If the text is not a day.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let day = |text: String| parse(&text).ok_or_else(|| serde::de::Error::custom("must be a day, as in 2026-02-05"));
    text.map(day).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_day_has_four_two_and_two_digits() {
        assert_eq!(parse("2026-02-05"), Some(date!(2026 - 02 - 05)));
        for text in ["2026-2-5", "2026-02-30", "+2026-02-05", "26-02-05", "2026-02-05T10:00", "", "-026-02-05"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
