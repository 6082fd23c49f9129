//! The day of the purchase: the only date on the bill, or the one that is printed like it.

use super::date::{Order, dates};
use super::fold::normalize;
use crate::layout::rows::Row;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use time::Date;

/// A row with a lower confidence is no evidence.
const CONFIDENCE_MIN: f32 = 0.6;
/// Rows with these words name other dates: the end of an offer, the beginning of a law.
const OTHER_DATES: &str = "until|till|valid|expiry|expires|expire|exp|due|effective|before|since|gültig|bis|ab|до|действует|\
                           действительна|срок|годен|с|от|promo|promotion|offer|voucher|birthday|member";
/// Rows with these words name the date of the purchase.
const THIS_DATE: &str = "date|datum|дата|tarikh|открыт|время|time";

static OTHER: LazyLock<Vec<String>> = LazyLock::new(|| OTHER_DATES.split('|').map(normalize).collect());
static THIS: LazyLock<Vec<String>> = LazyLock::new(|| THIS_DATE.split('|').map(normalize).collect());

/// How often a date was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Sightings {
    passes: usize,
    /// In rows that also have the time, or a word for it.
    as_purchase: usize,
}

/// The day of the purchase, as recognised by these passes; `None` if it is not certain.
pub(crate) fn purchased_on(pages: &[Vec<Row>], currency: Option<&str>, today: Date) -> Option<Date> {
    let order = order(pages, currency);
    let mut seen: BTreeMap<Date, Sightings> = BTreeMap::new();
    for page in pages {
        let mut of_page: BTreeMap<Date, bool> = BTreeMap::new();
        for row in page.iter().filter(|row| row.confidence() >= CONFIDENCE_MIN) {
            let text = row.text();
            let words: Vec<String> = row.words.iter().map(|word| normalize(&word.text)).collect();
            if words.iter().any(|word| OTHER.contains(word)) {
                continue;
            }
            let is_purchase = has_time(&text) || words.iter().any(|word| THIS.contains(word));
            for date in dates(&text, order, today) {
                *of_page.entry(date).or_default() |= is_purchase;
            }
        }
        for (date, is_purchase) in of_page {
            let sightings = seen.entry(date).or_default();
            sightings.passes += 1;
            sightings.as_purchase += usize::from(is_purchase);
        }
    }
    let passes = pages.len();
    clear_winner(&seen, passes, |sightings| sightings.as_purchase).or_else(|| {
        let is_unnamed = seen.values().all(|sightings| sightings.as_purchase == 0);
        if is_unnamed { clear_winner(&seen, passes, |sightings| sightings.passes) } else { None }
    })
}

/// The date that was seen by at least half of the passes, and more than three times as often as each other one: digits are
/// misread, sometimes alike.
fn clear_winner(seen: &BTreeMap<Date, Sightings>, passes: usize, count: impl Fn(&Sightings) -> usize) -> Option<Date> {
    let (winner, most) =
        seen.iter().map(|(date, sightings)| (*date, count(sightings))).max_by_key(|(_, count)| *count)?;
    let others = seen.iter().filter(|(date, _)| **date != winner).map(|(_, sightings)| count(sightings)).max();
    (most > 3 * others.unwrap_or(0) && most >= passes.div_ceil(2).max(passes.min(2))).then_some(winner)
}

/// Where the month comes first: in the United States.
fn order(pages: &[Vec<Row>], currency: Option<&str>) -> Order {
    let is_cyrillic = |letter: char| ('\u{400}'..'\u{500}').contains(&letter);
    let letters = || pages.iter().flatten().flat_map(|row| &row.words).flat_map(|word| word.text.chars());
    match currency {
        Some("USD") => Order::MonthFirst,
        Some(_) => Order::DayFirst,
        None if letters().filter(|letter| is_cyrillic(*letter)).count() * 2 > letters().count() => Order::DayFirst,
        None => Order::Unknown,
    }
}

/// Whether a row has a time of day: `20:14`.
fn has_time(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_digit() && letter != ':').any(|word| {
        let mut parts = word.split(':');
        let is = |part: Option<&str>, max: u8| {
            part.filter(|part| matches!(part.len(), 1..=2))
                .and_then(|part| part.parse().ok())
                .is_some_and(|n: u8| n <= max)
        };
        is(parts.next(), 23) && is(parts.next(), 59)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::rows::rows;
    use crate::parse::drawn::words;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 29);

    fn read(slips: &[&str], currency: Option<&str>) -> Option<Date> {
        let pages: Vec<Vec<Row>> = slips.iter().map(|slip| rows(&words(slip))).collect();
        purchased_on(&pages, currency, TODAY)
    }

    #[test]
    fn the_only_date_is_that_of_the_purchase() {
        let slip = "Кафе Луна\n05.02.2026 20:14\nСтол 7\nЧай 150,00\nИтого 150,00";
        assert_eq!(read(&[slip], None), Some(date!(2026 - 02 - 05)));
        assert_eq!(read(&["Cafe Luna\n05/02/2026\nTea 1.50"], None), None, "in which country?");
        assert_eq!(read(&["Cafe Luna\n05/02/2026\nTea 1.50"], Some("EUR")), Some(date!(2026 - 02 - 05)));
        assert_eq!(read(&["Cafe Luna\n05/02/2026\nTea 1.50"], Some("USD")), Some(date!(2026 - 05 - 02)));
        assert_eq!(read(&["Чай 150,00"], None), None);
    }

    #[test]
    fn the_date_with_a_time_wins_over_others() {
        let slip = "Cafe Luna\nLicence 14.03.2019\nDate 05.02.2026 20:14\nTea 1.50";
        assert_eq!(read(&[slip], None), Some(date!(2026 - 02 - 05)));
        let offer = "05.02.2026\nTea 1.50\nVoucher valid until 01.06.2026";
        assert_eq!(read(&[offer], None), Some(date!(2026 - 02 - 05)));
    }

    #[test]
    fn passes_that_disagree_need_a_clear_majority() {
        let (right, wrong) = ("05.02.2026 20:14", "06.02.2026 20:14");
        assert_eq!(read(&[right, wrong], None), None);
        assert_eq!(read(&[right, "no date"], None), None);
        assert_eq!(read(&[right, right, "no date"], None), Some(date!(2026 - 02 - 05)));
        assert_eq!(read(&[right, right, wrong], None), None);
        assert_eq!(read(&[right, right, right, wrong], None), None);
        assert_eq!(read(&[right, right, right, right, wrong], None), Some(date!(2026 - 02 - 05)));
        assert_eq!(read(&["05.02.26 18:20\n06.02.26 00:10"], None), None, "opened and closed on two days");
    }

    #[test]
    fn a_time_is_recognised() {
        assert!(has_time("20:14") && has_time("um 8:05 Uhr") && has_time("20:14:59"));
        assert!(!has_time("24:14") && !has_time("1:123") && !has_time("Total: 12"));
    }
}
