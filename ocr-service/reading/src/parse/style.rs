//! How amounts are printed on a bill, judged by the last numbers of its rows.

use super::cells::{Cell, Style, Three, cells};
use super::fold::normalize;
use crate::layout::measure::letter_width;
use crate::layout::rows::Row;

/// Latin print with decimals has at most one whole number in so many: a misread decimal mark. A share of one in eight
/// is seen on bills with decimals.
const WHOLE_SHARE: u32 = 20;
/// So many amounts tell how amounts are printed.
const AMOUNTS_MIN: u32 = 3;
/// Currencies with thousandths.
const THOUSANDTHS: [&str; 11] = ["kwd", "bhd", "omr", "jod", "tnd", "iqd", "lyd", "kd", "dt", "динар", "dinar"];
/// Currencies that are used without decimals.
const WHOLE: [&str; 21] = [
    "jpy", "yen", "¥", "円", "krw", "won", "₩", "원", "idr", "rp", "vnd", "₫", "clp", "cop", "huf", "ft", "isk", "pyg",
    "ugx", "xof", "kzt",
];

/// Last numbers of the rows by their digits.
#[derive(Default)]
struct Ends {
    two: u32,
    whole: u32,
    three: u32,
    /// Of those with three digits: round thousands (`25.000`), and those below one (`0.750`).
    round: u32,
    below_one: u32,
}

/// How amounts are printed on these rows.
pub(crate) fn style<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Style {
    let mut ends = Ends::default();
    let (mut cyrillic, mut letters) = (0_u32, 0_u32);
    let (mut thousandths, mut whole) = (false, false);
    for row in rows {
        for letter in row.words.iter().flat_map(|word| word.text.chars()).filter(|letter| letter.is_alphabetic()) {
            letters += 1;
            cyrillic += u32::from(matches!(letter, 'А'..='я' | 'ё' | 'Ё'));
        }
        for word in &row.words {
            let text = word.text.trim_matches(|c: char| c.is_ascii_digit() || ".,:()-'".contains(c)).to_lowercase();
            thousandths |= THOUSANDTHS
                .iter()
                .any(|known| *known == text || normalize(known) == normalize(&text) && text.len() > 2);
            whole |= WHOLE.contains(&text.as_str());
        }
        ends.count(&cells(&row.words, letter_width(&row.words), Style::WHOLE));
    }
    let roubles = cyrillic * 2 >= letters && letters > 0;
    let rare = ends.two * WHOLE_SHARE < ends.whole + ends.three && ends.whole + ends.three >= AMOUNTS_MIN;
    let decimals = Style { decimals: true, roubles, three: Three::Quantity, doubtful: false };
    let without = Style { decimals: false, ..decimals };
    if roubles {
        return if ends.two * 2 >= ends.whole { decimals } else { without };
    }
    if !rare {
        return decimals;
    }
    if ends.three * 2 < ends.whole + ends.three {
        // Mostly whole numbers without marks; those with a mark are larger.
        return Style { three: Three::Thousands, ..without };
    }
    match (thousandths, whole) {
        (true, false) => Style { three: Three::Decimals, ..decimals },
        (false, true) => Style { three: Three::Thousands, ..without },
        _ if ends.below_one > 0 => Style { three: Three::Decimals, doubtful: true, ..decimals },
        _ if ends.round * 2 > ends.three || ends.whole > 0 => {
            Style { three: Three::Thousands, doubtful: true, ..without }
        }
        _ => Style { three: Three::Decimals, doubtful: true, ..decimals },
    }
}

impl Ends {
    fn count(&mut self, cells: &[Cell]) {
        let Some(number) = cells.iter().rev().take(3).find_map(Cell::number) else { return };
        match number.decimals {
            2 => self.two += 1,
            0 => self.whole += 1,
            3 => {
                self.three += 1;
                self.round += u32::from(number.thousandths % 1000 == 0);
                self.below_one += u32::from(number.thousandths.abs() < 1000);
            }
            _ => {}
        }
    }
}
