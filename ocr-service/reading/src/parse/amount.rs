//! Parses printed numbers: sums, prices, quantities, including letters that are misread digits.

/// A parsed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// The value in thousandths; negative with a minus sign.
    pub(crate) thousandths: i64,
    /// Number of printed decimals, 0 to 3.
    pub(crate) decimals: u8,
    /// Number of letters that were interpreted as digits.
    pub(crate) guessed: u8,
}

/// Larger sums are assumed to be codes.
const MINOR_MAX: i64 = 1_000_000_000;

impl Number {
    /// The value as money in hundredths, if it has two decimals or none.
    pub(crate) fn money(self) -> Option<i64> {
        let minor = self.thousandths / 10;
        (matches!(self.decimals, 0 | 2) && minor.abs() < MINOR_MAX).then_some(minor)
    }

    /// The value as money whose decimal point was not recognised: 2640 for 26.40.
    pub(crate) fn pointless_money(self) -> Option<i64> {
        let whole = self.thousandths / 1000;
        (self.decimals == 0 && (100..1_000_000).contains(&whole.abs())).then_some(whole)
    }

    /// The value as money if the mark before three digits separates thousands: 120000 for `1,200`.
    pub(crate) fn thousands_money(self) -> Option<i64> {
        (self.decimals == 3 && self.thousandths.abs() < MINOR_MAX).then(|| self.thousandths * 100)
    }
}

/// Parses a number; `None` for a date, a code of many digits, or text with more letters than digits.
pub(crate) fn number(text: &str) -> Option<Number> {
    let (negative, body) = match text.strip_prefix(['-', '−', '–', '—']) {
        Some(rest) => (true, rest),
        None => text.strip_suffix(['-', '−']).map_or((false, text), |rest| (true, rest)),
    };
    let mut groups = vec![String::new()];
    let mut marks = vec![];
    let (mut plain, mut guessed) = (0_u8, 0_u8);
    for letter in body.chars().take(16) {
        if letter.is_ascii_digit() {
            plain = plain.saturating_add(1);
            groups.last_mut()?.push(letter);
        } else if matches!(letter, '.' | ',' | '\'' | '‚' | '’' | '·' | '_') {
            marks.push(letter);
            groups.push(String::new());
        } else {
            guessed = guessed.saturating_add(1);
            groups.last_mut()?.push(digit(letter)?);
        }
    }
    if plain == 0 || guessed > plain || body.chars().count() > 16 {
        return None;
    }
    let (whole, fraction) = parts(&groups, &marks)?;
    let decimals = u8::try_from(fraction.len()).ok()?;
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction: i64 = format!("{fraction:0<3}").parse().ok()?;
    let thousandths = whole.checked_mul(1000)?.checked_add(fraction)?;
    Some(Number { thousandths: if negative { -thousandths } else { thousandths }, decimals, guessed })
}

/// The digits before and after the decimal mark.
fn parts(groups: &[String], marks: &[char]) -> Option<(String, String)> {
    let (last, before) = groups.split_last()?;
    let Some((first, middle)) = before.split_first() else {
        let code = last.len() > 7 || (last.len() > 1 && last.starts_with('0'));
        return (!code).then(|| (last.clone(), String::new()));
    };
    let thousands =
        middle.iter().all(|group| group.len() == 3) && (middle.is_empty() || (1..=3).contains(&first.len()));
    let padded = first.len() > 1 && first.starts_with('0') && (last.len() != 2 || first.len() > 2);
    if !thousands || first.len() > 7 || padded {
        return None;
    }
    let whole: String = before.concat();
    match last.len() {
        1 | 2 => Some((whole, last.clone())),
        3 if middle.is_empty() && first.len() <= 3 && marks.last() != Some(&'\'') => Some((whole, last.clone())),
        3 => Some((whole + last, String::new())),
        _ => None,
    }
}

/// The digit that a letter may be a misreading of.
pub(crate) fn digit(letter: char) -> Option<char> {
    Some(match letter {
        'O' | 'o' | 'О' | 'о' | 'D' | 'Q' | 'U' | '@' | 'Ø' | 'ø' => '0',
        'l' | 'I' | 'L' | '|' | '!' | 'i' | 'і' | '[' | ']' | '{' | '}' => '1',
        'Z' | 'z' => '2',
        'З' | 'з' => '3',
        'ч' | 'Ч' | 'А' | 'A' => '4',
        'S' | 's' => '5',
        'б' | 'G' => '6',
        '?' => '7',
        'B' | 'В' | '&' => '8',
        'g' | 'q' => '9',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minor(text: &str) -> Option<i64> {
        number(text).and_then(Number::money)
    }

    #[test]
    fn sums_are_read_in_their_spellings() {
        for (text, expected) in [
            ("1234.56", 123_456),
            ("1,234.56", 123_456),
            ("1'890.00", 189_000),
            ("1.234,56", 123_456),
            ("12,30", 1230),
            (".01", 1),
            ("-0,25", -25),
            ("8,10-", -810),
            ("900", 90_000),
            ("9O0,О0", 90_000),
            ("1.234.567", 123_456_700),
        ] {
            assert_eq!(minor(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_codes_and_words_are_not_numbers() {
        for text in ["20.04.20", "31.05.2024", "4002245701618", "031", "Soll", "Ю", "", "-", "1.2345", "12,3456", "O"]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn three_decimals_are_a_quantity_or_thousands() {
        let number = number("1,200").unwrap();
        assert_eq!((number.thousandths, number.decimals), (1200, 3));
        assert_eq!((number.money(), number.thousands_money()), (None, Some(120_000)));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            let _ = number(&text);
        }

        #[test]
        fn every_sum_of_a_cheque_is_read_back(minor_units in 0..99_999_999_i64) {
            let text = format!("{}.{:02}", minor_units / 100, minor_units % 100);
            prop_assert_eq!(minor(&text), Some(minor_units));
        }
    }
}
