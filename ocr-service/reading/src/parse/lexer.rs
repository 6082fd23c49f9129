//! Splits a recognised word into tokens: `3x0,5л` is a number, a times sign, a number and a unit.

use super::amount::{self, Number};
use super::fold::{normalize, similar};

/// The kind of a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Text,
    Number(Number),
    /// `x`, `*`, `×`, `@`.
    Times,
    /// A unit of measure: `шт`, `порц`, `л`, `kg`.
    Unit,
    /// `RM`, `EUR`, `руб`.
    Currency,
    Percent,
    /// The letter of a tax class after a sum, or a lone symbol.
    Mark,
}

/// A piece: its kind, and its start and end in the word, in characters.
pub(crate) type Piece = (What, usize, usize);

const UNITS: [&str; 45] = [
    "шт",
    "порц",
    "порция",
    "пор",
    "порции",
    "л",
    "мл",
    "г",
    "гр",
    "кг",
    "бут",
    "бок",
    "чаш",
    "ед",
    "упак",
    "стак",
    "kg",
    "g",
    "gr",
    "ml",
    "l",
    "lt",
    "ltr",
    "pc",
    "pcs",
    "pkt",
    "pkts",
    "pck",
    "unit",
    "uni",
    "units",
    "ea",
    "nos",
    "btl",
    "ctn",
    "set",
    "stk",
    "stck",
    "stück",
    "rolle",
    "pack",
    "packung",
    "fl",
    "x",
    "ps",
];
const CURRENCIES: [&str; 15] =
    ["rm", "myr", "eur", "euro", "руб", "рубл", "рублей", "rub", "р", "usd", "€", "₽", "$", "rmb", "rw"];
/// Letters for tax classes after a sum.
const TAXES: [&str; 22] = [
    "sr", "zr", "zrl", "srl", "sre", "s", "z", "t", "a", "b", "c", "d", "e", "aw", "bw", "ab", "os", "tx", "n", "r",
    "x", "os",
];

/// Splits a word into pieces.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let letters: Vec<char> = text.chars().collect();
    let mut start = 0;
    let mut end = letters.len();
    while start < end && is_lead(&letters[start..]) {
        start += 1;
    }
    while start < end && matches!(letters[end - 1], ')' | ':' | ';' | ',' | '.' | '\'' | '"' | '”' | '’' | '_' | '=')
    {
        end -= 1;
    }
    if start == end {
        return vec![(What::Mark, 0, letters.len())];
    }
    let core = &letters[start..end];
    let mut pieces = vec![];
    take_apart(core, start, 0, &mut pieces);
    pieces
}

/// Whether the first character is only a prefix of the rest.
fn is_lead(letters: &[char]) -> bool {
    match letters[0] {
        '.' | ',' => !letters.get(1).is_some_and(char::is_ascii_digit),
        '-' | '−' | '–' | '—' | '*' | '×' | '@' | '$' | '€' | '₽' | '|' | '!' | '[' | ']' | '{' | '}' | '&' | '?'
        | '%' => false,
        other => !other.is_alphanumeric(),
    }
}

fn take_apart(core: &[char], offset: usize, depth: u8, pieces: &mut Vec<Piece>) {
    let text: String = core.iter().collect();
    let end = offset + core.len();
    if let Some(what) = whole(&text) {
        return pieces.push((what, offset, end));
    }
    if let Some(number) = after_ringgit(core) {
        pieces.push((What::Currency, offset, offset + 2));
        return pieces.push((What::Number(number), offset + 2, end));
    }
    if let Some(length) = currency_before(core) {
        pieces.push((What::Currency, offset, offset + length));
        return take_apart(&core[length..], offset + length, depth, pieces);
    }
    if let Some((number, length)) = starred(core) {
        pieces.push((What::Number(number), offset, offset + length));
        return pieces.push((What::Mark, offset + length, end));
    }
    if depth < 3
        && let Some(at) = times(core)
    {
        if at > 0 {
            take_apart(&core[..at], offset, depth + 1, pieces);
        }
        pieces.push((What::Times, offset + at, offset + at + 1));
        if at + 1 < core.len() {
            take_apart(&core[at + 1..], offset + at + 1, depth + 1, pieces);
        }
        return;
    }
    if let Some((number, length)) = number_before(core) {
        pieces.push((What::Number(number), offset, offset + length));
        let rest: String = core[length..].iter().collect();
        let what = behind_number(&rest).unwrap_or(What::Text);
        return pieces.push((what, offset + length, end));
    }
    pieces.push((What::Text, offset, end));
}

fn whole(text: &str) -> Option<What> {
    let trimmed = text.trim_matches(['(', ')', '.', ',', ':']);
    // The tax letter looks like a third decimal: `12.95S`.
    let lettered = |number: &Number| number.decimals == 3 && text.ends_with(char::is_alphabetic);
    if let Some(number) = amount::number(text).filter(|number| !lettered(number)) {
        // A lone symbol that resembles a digit is not a digit.
        return (text.chars().count() > 1 || text.chars().all(|c| c.is_ascii_digit())).then_some(What::Number(number));
    }
    if let Some(body) = trimmed.strip_suffix('%') {
        return (amount::number(body).is_some() || body.is_empty()).then_some(What::Percent);
    }
    let lower = trimmed.to_lowercase();
    match lower.as_str() {
        "x" | "х" | "*" | "×" | "@" | "ж" => Some(What::Times),
        _ if is_currency(&lower) => Some(What::Currency),
        // A symbol before the unit is a misread `1`: `{nopu` is `1порц`.
        _ if !lower.starts_with(char::is_alphanumeric) => None,
        _ if UNITS.contains(&lower.as_str()) || (lower.chars().count() > 2 && is_unit(&lower)) => Some(What::Unit),
        _ if !trimmed.chars().any(char::is_alphanumeric) => Some(What::Mark),
        // A lone letter is a word, such as `с` or `в`, unless it is a tax class after a sum.
        _ if trimmed.chars().count() == 1 => Some(What::Text),
        _ => None,
    }
}

/// `RMS.98` is 5.98: after the currency, a letter is a misread digit.
fn after_ringgit(core: &[char]) -> Option<Number> {
    let is_ringgit = core.len() > 3 && matches!(core[0], 'R' | 'r') && matches!(core[1], 'M' | 'm' | 'N' | 'H');
    let rest: String = core.iter().skip(2).collect();
    let number = amount::number(rest.trim_start_matches(['.', ':'])).filter(|number| number.decimals == 2);
    if is_ringgit { number } else { None }
}

/// Length of a currency before a number: `RM12.30`; `=900` has already lost its currency sign.
fn currency_before(core: &[char]) -> Option<usize> {
    let digits = core.iter().position(char::is_ascii_digit).or_else(|| core.iter().position(|c| *c == '.'))?;
    let before: String = core[..digits].iter().collect::<String>().to_lowercase();
    let before = before.trim_end_matches(['.', ':', '-', '=', '(']);
    let known = matches!(
        before,
        "rm" | "r"
            | "rn"
            | "rh"
            | "ri"
            | "rk"
            | "кн"
            | "rв"
            | "ан"
            | "rw"
            | "rmi"
            | "ам"
            | "ям"
            | "rп"
            | "км"
            | "pm"
            | "fm"
            | "eur"
            | "€"
            | "$"
            | "₽"
            | "myr"
    );
    let rest: String = core[digits..].iter().collect();
    (known && digits > 0 && (amount::number(&rest).is_some() || number_before(&core[digits..]).is_some()))
        .then_some(digits)
}

/// A sum with an asterisk and a tax letter: `0,25*C`, also misread as `0,25%0`.
fn starred(core: &[char]) -> Option<(Number, usize)> {
    let length = core.len().checked_sub(2)?;
    let [sign, letter] = core[length..] else { return None };
    let tax = letter.is_alphabetic() || matches!(letter, '0' | '6' | '8');
    let text: String = core[..length].iter().collect();
    let number = amount::number(&text).filter(|number| number.decimals == 2)?;
    (tax && matches!(sign, '*' | '%' | 'x' | 'х' | 'X' | 'Х' | '×' | 'k' | 'к')).then_some((number, length))
}

/// Position of a times sign whose left side is a number and whose right side starts like one; one side may be empty.
fn times(core: &[char]) -> Option<usize> {
    (0..core.len()).find(|at| {
        if !matches!(core[*at], 'x' | 'X' | 'х' | 'Х' | '*' | '×' | '@' | '%') {
            return false;
        }
        let left: String = core[..*at].iter().collect();
        let right = &core[at + 1..];
        let left_number = left.is_empty() || number_side(&core[..*at]);
        let right_number = right.is_empty() || number_side(right);
        let sign = core[*at];
        left_number
            && right_number
            && (!left.is_empty() || !right.is_empty())
            && (sign != '%' || !right.is_empty() && !left.is_empty())
    })
}

fn number_side(side: &[char]) -> bool {
    let text: String = side.iter().collect();
    if amount::number(&text).is_some() || number_before(side).is_some() {
        return true;
    }
    // `1порц.` whose 1 was recognised as a letter: `inopu`, `{nopu`, `|ПОРЦ`.
    side.len() > 2 && amount::digit(side[0]) == Some('1') && is_unit(&side[1..].iter().collect::<String>())
}

/// The longest number at the beginning, if a character follows that is not a digit.
fn number_before(core: &[char]) -> Option<(Number, usize)> {
    let mut length =
        core.iter().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'') || **c == '-').count();
    if length < core.len() && length > 0 {
        // Letters that resemble digits, if surrounded by digits or a mark.
        while length < core.len()
            && amount::digit(core[length]).is_some()
            && core[length + 1..].first().is_some_and(char::is_ascii_digit)
        {
            length +=
                1 + core[length + 1..].iter().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).count();
        }
    }
    while length > 0 && matches!(core[length - 1], '.' | ',' | '\'') {
        length -= 1;
    }
    if length == 0 {
        let rest: String = core.iter().skip(1).collect();
        let one = core.len() > 2 && amount::digit(core[0]) == Some('1') && is_unit(&rest);
        return one.then_some((Number { thousandths: 1000, decimals: 0, guessed: 1 }, 1));
    }
    if length == core.len() {
        return None;
    }
    let text: String = core[..length].iter().collect();
    amount::number(&text).map(|number| (number, length))
}

fn is_currency(lower: &str) -> bool {
    let normalized = normalize(lower);
    CURRENCIES.iter().any(|known| *known == lower || (normalized.len() > 2 && normalize(known) == normalized))
}

fn is_unit(text: &str) -> bool {
    let normalized = normalize(text);
    UNITS.iter().any(|unit| {
        let unit = normalize(unit);
        normalized == unit || near(&normalized, &unit)
    })
}

/// A unit of four letters may have one misread letter.
fn near(normalized: &str, unit: &str) -> bool {
    let four =
        unit.chars().count() == 4 && normalized.chars().count() == 4 && strsim::levenshtein(normalized, unit) <= 1;
    four || similar(normalized, unit)
}

fn behind_number(rest: &str) -> Option<What> {
    let trimmed = rest.trim_matches(['.', ',', ')', ':', '*', '-', '/', '=']);
    let lower = trimmed.to_lowercase();
    if is_currency(&lower) {
        Some(What::Currency)
    } else if is_unit(trimmed) {
        Some(What::Unit)
    } else if trimmed.is_empty() || is_tax(trimmed) {
        Some(What::Mark)
    } else if rest.starts_with('%') {
        Some(What::Percent)
    } else {
        None
    }
}

/// Whether the letters can be a tax class after a sum.
pub(crate) fn is_tax(text: &str) -> bool {
    let normalized = normalize(text.trim_matches(|c: char| !c.is_alphanumeric()));
    text.chars().count() <= 4
        && (normalized.chars().count() <= 1 || TAXES.iter().any(|tax| normalize(tax) == normalized))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spelled(text: &str) -> String {
        let pieces = pieces(text);
        let spell = |(what, _, _): &Piece| match what {
            What::Text => "text".to_owned(),
            What::Number(number) => format!("{}", number.thousandths),
            What::Times => "x".to_owned(),
            What::Unit => "unit".to_owned(),
            What::Currency => "cur".to_owned(),
            What::Percent => "%".to_owned(),
            What::Mark => "mark".to_owned(),
        };
        pieces.iter().map(spell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_taken_apart() {
        for (text, expected) in [
            ("3x0,5л", "3000 x 500 unit"),
            ("3х1порц.", "3000 x 1000 unit"),
            ("2xinopu.", "2000 x 1000 unit"),
            ("{nopu.", "1000 unit"),
            ("2x11.80", "2000 x 11800"),
            ("450,00*2,000", "450000 x 2000"),
            ("=900,00", "900000"),
            ("RM2.85", "cur 2850"),
            ("12.95S", "12950 mark"),
            ("0,25*C", "250 mark"),
            ("2x", "2000 x"),
            ("@2", "x 2000"),
            ("6%", "%"),
            ("250гр", "250000 unit"),
            ("31.05.2024", "text"),
            ("KE41-51/2", "text"),
            ("Руб.", "cur"),
            ("(0.02)", "20"),
            (":", "mark"),
            ("2pc", "2000 unit"),
            ("BOX", "text"),
            ("MAX", "text"),
        ] {
            assert_eq!(spelled(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn pieces_are_consecutive_parts_of_the_word(text in "\\PC{1,24}") {
            let length = text.chars().count();
            let mut last = 0;
            for (_, start, end) in pieces(&text) {
                prop_assert!(last <= start && start < end && end <= length);
                last = end;
            }
        }
    }
}
