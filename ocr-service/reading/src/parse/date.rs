//! Dates as they are printed: `05.02.24`, `2024-02-05`, `02/05/2024`, `5 Feb 2024`, `5 февраля 2024`.

use time::{Date, Duration, Month};

/// The order of day and month where both are numbers between slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
    Unknown,
}

/// A bill that is older is not shared any more, so such a date is misread, or means something else.
const AGE_YEARS_MAX: i32 = 10;

/// The dates in a row of text that have exactly one meaning. A date that can be read in two ways is left out, and so is
/// one in the future or long ago.
pub(crate) fn dates(text: &str, order: Order, today: Date) -> Vec<Date> {
    let letters: Vec<char> = text.chars().collect();
    let mut dates = vec![];
    let mut at = 0;
    while at < letters.len() {
        let found = if is_start(&letters, at) { date(&letters[at..], order, today) } else { None };
        match found {
            Some((found, length)) => {
                dates.extend(found);
                at += length;
            }
            None => at += 1,
        }
    }
    dates
}

/// Whether a number or word may begin here: not within another one.
fn is_start(letters: &[char], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| letters[before]);
    let continues = |before: char| before.is_alphanumeric() || (matches!(before, '.' | '/' | '-' | ',') && at > 1);
    letters[at].is_alphanumeric() && !before.is_some_and(|before| continues(before) && is_joined(letters, at, before))
}

/// Whether the character before belongs to the same word: the dot of `Date.05/02/24` does not.
fn is_joined(letters: &[char], at: usize, before: char) -> bool {
    before.is_alphanumeric() || letters[at - 2].is_ascii_digit()
}

/// The date at the beginning, if it is unique, and the length of its text.
fn date(letters: &[char], order: Order, today: Date) -> Option<(Option<Date>, usize)> {
    let (readings, length) = numeric(letters, order).or_else(|| named(letters))?;
    let mut possible = readings.into_iter().flatten().filter(|date| is_plausible(*date, today));
    let first = possible.next();
    let is_unique = possible.all(|other| Some(other) == first);
    Some((first.filter(|_| is_unique), length))
}

/// Not in the future and not long ago. Somewhere it is tomorrow already.
fn is_plausible(date: Date, today: Date) -> bool {
    let oldest = today.replace_year(today.year() - AGE_YEARS_MAX).unwrap_or(today - Duration::days(366 * 10));
    oldest <= date && date <= today + Duration::days(1)
}

/// Three numbers with the same separator.
fn numeric(letters: &[char], order: Order) -> Option<([Option<Date>; 3], usize)> {
    let (a, a_length) = number(letters)?;
    let separator = *letters.get(a_length).filter(|separator| matches!(separator, '.' | '/' | '-'))?;
    let (b, b_length) = number(&letters[a_length + 1..])?;
    let second = a_length + 1 + b_length;
    letters.get(second).filter(|other| **other == separator)?;
    let (c, c_length) = number(&letters[second + 1..])?;
    let length = second + 1 + c_length;
    if !ends(&letters[length..]) {
        return None;
    }
    let readings = match (a_length, b_length, c_length) {
        (4, 1..=2, 1..=2) => [day(a, b, c), None, None],
        (1..=2, 1..=2, 2 | 4) => {
            let year = if c_length == 2 { 2000 + c } else { c };
            let (day_first, month_first) = (day(year, b, a), day(year, a, b));
            let year_first = if (a_length, c_length) == (2, 2) { day(2000 + a, b, c) } else { None };
            match (separator, order) {
                // Months come first only with slashes and dashes.
                ('.', _) | ('/', Order::DayFirst) => [day_first, None, None],
                ('/', Order::MonthFirst) => [month_first, None, None],
                (_, Order::DayFirst) => [day_first, year_first, None],
                (_, Order::MonthFirst) => [month_first, year_first, None],
                (_, Order::Unknown) => [day_first, month_first, year_first],
            }
        }
        _ => return None,
    };
    Some((readings, length))
}

/// Whether the number before is complete: `05.02.24.12` is no date, and neither is `05.02.2024A`.
fn ends(rest: &[char]) -> bool {
    match rest {
        [] | ['T' | 'г', ..] => true,
        ['.' | '/' | '-' | ',', next, ..] => !next.is_ascii_digit(),
        [next, ..] => !next.is_alphanumeric(),
    }
}

/// A date with the name of the month: `5 Feb 2024`, `05-FEB-24`, `Feb 5, 2024`, `5 февраля 2024 г.`
fn named(letters: &[char]) -> Option<([Option<Date>; 3], usize)> {
    let mut text = Reader { letters, at: 0 };
    let (day_of_month, month) = match text.number() {
        Some((day, 1..=2)) => {
            text.skip(" .-/");
            (day, text.month()?)
        }
        Some(_) => return None,
        None => {
            let month = text.month()?;
            text.skip(" .-");
            (text.number().filter(|(_, length)| *length <= 2)?.0, month)
        }
    };
    text.skip(" .,-/'’");
    let (year, length) = text.number()?;
    // Two digits may be the hour of `5 Feb 20:14`.
    let is_hour = letters.get(text.at).is_some_and(|next| matches!(next, ':' | '.')) && length == 2;
    let year = match length {
        4 => year,
        2 if !is_hour => 2000 + year,
        _ => return None,
    };
    let reading = day(year, u32::from(u8::from(month)), day_of_month);
    ends(&letters[text.at..]).then_some(([reading, None, None], text.at))
}

struct Reader<'a> {
    letters: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<(u32, usize)> {
        let (number, length) = number(&self.letters[self.at..])?;
        self.at += length;
        Some((number, length))
    }

    /// Skips at most three of these characters.
    fn skip(&mut self, characters: &str) {
        let rest = self.letters[self.at..].iter().take(3);
        self.at += rest.take_while(|letter| characters.contains(**letter)).count();
    }

    fn month(&mut self) -> Option<Month> {
        let rest = self.letters[self.at..].iter();
        let word: String = rest.take_while(|letter| letter.is_alphabetic()).take(12).collect();
        self.at += word.chars().count();
        month(&word.to_lowercase())
    }
}

/// Digits, at most four.
fn number(letters: &[char]) -> Option<(u32, usize)> {
    let length = letters.iter().take_while(|letter| letter.is_ascii_digit()).count();
    let text: String = letters[..length].iter().collect();
    if length > 4 { None } else { text.parse().ok().map(|number| (number, length)) }
}

fn day(year: u32, month: u32, day: u32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

/// The names of months, in lower case. An abbreviation has at least three letters.
const MONTHS: [(Month, &[&str]); 12] = [
    (Month::January, &["january", "januar", "января", "январь"]),
    (Month::February, &["february", "februar", "февраля", "февраль"]),
    (Month::March, &["march", "märz", "марта", "март", "mrz"]),
    (Month::April, &["april", "апреля", "апрель"]),
    (Month::May, &["may", "mai", "мая", "май"]),
    (Month::June, &["june", "juni", "июня", "июнь"]),
    (Month::July, &["july", "juli", "июля", "июль"]),
    (Month::August, &["august", "августа", "август"]),
    (Month::September, &["september", "сентября", "сентябрь", "sept"]),
    (Month::October, &["october", "oktober", "октября", "октябрь"]),
    (Month::November, &["november", "ноября", "ноябрь"]),
    (Month::December, &["december", "dezember", "декабря", "декабрь"]),
];

fn month(word: &str) -> Option<Month> {
    let is_of = |name: &&str| *name == word || (word.chars().count() == 3 && name.starts_with(word));
    MONTHS.iter().find(|(_, names)| names.iter().any(is_of)).map(|(month, _)| *month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 29);

    fn read(text: &str, order: Order) -> Vec<String> {
        dates(text, order, TODAY).iter().map(Date::to_string).collect()
    }

    #[test]
    fn a_date_is_read_in_every_usual_form() {
        for text in [
            "05.02.2024",
            "5.2.24",
            "05.02.24 20:14",
            "Дата: 05.02.2024г.",
            "2024-02-05T20:14:00",
            "2024/02/05 8:14 PM",
            "2024.2.5",
            "5 Feb 2024",
            "05-FEB-24",
            "05FEB2024 20:14",
            "Feb 5, 2024",
            "FEBRUARY 5 2024",
            "Mon 05 February 2024 20:14",
            "5. Februar 2024",
            "5 февраля 2024 г.",
            "5 фев. 2024",
            "Date.05.02.2024",
            "Открыт 05.02.24 18:20 Стол 7",
        ] {
            assert_eq!(read(text, Order::Unknown), ["2024-02-05"], "{text}");
        }
    }

    #[test]
    fn day_and_month_are_told_apart_by_evidence_or_not_at_all() {
        for (text, order, expected) in [
            ("05/02/2024", Order::DayFirst, Some("2024-02-05")),
            ("05/02/2024", Order::MonthFirst, Some("2024-05-02")),
            ("05/02/2024", Order::Unknown, None),
            ("25/02/2024", Order::Unknown, Some("2024-02-25")),
            ("02/25/2024", Order::Unknown, Some("2024-02-25")),
            ("05/05/2024", Order::Unknown, Some("2024-05-05")),
            ("02/25/2024", Order::DayFirst, None),
            ("05-02-2024", Order::Unknown, None),
            ("22-05-17", Order::DayFirst, None),
            ("22-05-17", Order::Unknown, None),
            ("22-05-07", Order::DayFirst, Some("2022-05-07")),
            ("12/03/2026", Order::Unknown, Some("2026-03-12")),
        ] {
            assert_eq!(read(text, order), expected.into_iter().collect::<Vec<_>>(), "{text} {order:?}");
        }
    }

    #[test]
    fn what_is_no_date_or_cannot_be_one_is_left_out() {
        for text in [
            "05.02.2014",
            "05.02.2027",
            "31.02.2024",
            "05.13.2024",
            "00.00.00",
            "05.02.24.12.10",
            "1.05.02.24",
            "+7 495 05-02-24-12",
            "INV05-02-2024",
            "05.02.2024A",
            "1905.02.2024",
            "5 Feb 20:14",
            "5 Februaries 2024",
            "Feb 2024",
            "12 x 5.20",
            "05.02/2024",
            "192.168.10.24",
            "Mai Tai 12 2024000",
        ] {
            assert_eq!(read(text, Order::DayFirst), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn several_dates_of_a_row_are_all_read() {
        assert_eq!(read("05.02.24 18:20 - 06.02.24 00:10", Order::DayFirst), ["2024-02-05", "2024-02-06"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_only_plausible_dates_come_out(text in "[0-9./ -]{0,24}|\\PC{0,24}") {
            for date in dates(&text, Order::Unknown, TODAY) {
                prop_assert!(is_plausible(date, TODAY));
            }
        }

        #[test]
        fn every_day_of_the_last_years_is_read_as_it_was_printed(days in 0_i64..3600) {
            let day = TODAY - Duration::days(days);
            let (year, month, of_month) = (day.year(), u8::from(day.month()), day.day());
            let printed = format!("{of_month:02}.{month:02}.{year}");
            prop_assert_eq!(dates(&printed, Order::Unknown, TODAY), vec![day]);
            let printed = format!("{of_month:02}/{month:02}/{:02}", year % 100);
            prop_assert_eq!(dates(&printed, Order::DayFirst, TODAY), vec![day]);
            let printed = format!("{of_month} {} {year}", &day.month().to_string()[..3]);
            prop_assert_eq!(dates(&printed, Order::Unknown, TODAY), vec![day]);
        }
    }
}
