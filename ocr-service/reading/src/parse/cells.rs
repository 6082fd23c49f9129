//! Splits a row into cells: words, numbers, times signs. Amounts that were split are joined.

use super::amount::Number;
use super::classes::ClassifiedWords;
use super::fold::normalize;
use super::lexer::{self, What};
use crate::layout::measure::{count, letter_width};
use crate::layout::rows::Row;
use crate::word::{Place, Word};
use contracts::money::BillMoney;

/// How sums are printed on this cheque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// With decimals; otherwise whole numbers.
    pub(crate) decimals: bool,
    /// Three digits behind the last mark of an amount: thousands (`1,280` yen), or three decimals (`1.250` dinars).
    pub(crate) three: Three,
    /// Whether three digits are thousands or decimals is not certain.
    pub(crate) doubtful: bool,
    /// Cyrillic: prices are whole roubles except for weighed goods, so kopecks from 01 to 09 are misread zeros.
    pub(crate) roubles: bool,
}

/// What three digits behind the last mark of a number mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Three {
    /// A weight, or a misreading.
    Quantity,
    /// Thousands.
    Thousands,
    /// Thousandths of the currency. Amounts are ten times as large then, as if their unit were a tenth.
    Decimals,
}

impl Style {
    /// Whole numbers, before anything is known of the bill.
    pub(crate) const WHOLE: Self = Self { decimals: false, roubles: false, three: Three::Quantity, doubtful: false };

    /// An amount of the bill.
    pub(crate) fn money(self, minor: i64) -> BillMoney {
        if self.three == Three::Decimals {
            BillMoney::from_thousandths(minor)
        } else {
            BillMoney::from_hundredths(minor)
        }
    }
}

/// One way to read a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) number: Number,
    /// Sum of the confidences of the passes with this reading.
    pub(crate) weight: f32,
    /// Includes the previous cell: `1 500,00` may be 1500, or 1 and 500.
    pub(crate) takes_previous: bool,
}

/// A cell of a row.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) what: What,
    pub(crate) text: String,
    pub(crate) left: f32,
    pub(crate) right: f32,
    /// For a number: its possible readings, the most likely first; not empty then.
    pub(crate) readings: Vec<Reading>,
}

impl Cell {
    pub(crate) fn number(&self) -> Option<Number> {
        self.readings.first().map(|reading| reading.number)
    }
}

/// A printed row, split into cells.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) cells: Vec<Cell>,
    /// The recognised text, with single spaces.
    pub(crate) text: String,
    /// The classified words of each pass that recognised the row.
    pub(crate) classified: Vec<ClassifiedWords>,
    pub(crate) place: Place,
    /// Letter width.
    pub(crate) letter: f32,
    /// Letter height.
    pub(crate) height: f32,
    pub(crate) confidence: f32,
    /// Number of passes that recognised the row.
    pub(crate) passes: usize,
}

impl Line {
    /// Creates the line from the row of one pass.
    pub(crate) fn of_row(row: &Row, style: Style) -> Self {
        let letter = letter_width(&row.words);
        Self {
            cells: cells(&row.words, letter, style),
            text: row.text(),
            classified: vec![ClassifiedWords::of(words(row))],
            place: row.place,
            letter,
            height: row.height,
            confidence: row.confidence(),
            passes: 1,
        }
    }
}

/// The words without amounts: the digits of `TOTAL 920` resemble the letters of "total GST".
fn words(row: &Row) -> Vec<String> {
    let words = row.words.iter().map(|word| (normalize(&word.text), word.text.contains(char::is_alphabetic)));
    let spoken = words.filter(|(word, has_letters)| *has_letters || (1..=2).contains(&word.chars().count()));
    spoken.map(|(word, _)| word).filter(|word| !word.is_empty()).collect()
}

struct Token {
    text: String,
    place: Place,
    confidence: f32,
}

pub(crate) fn cells(words: &[Word], letter: f32, style: Style) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![];
    for token in tokens(words, letter) {
        let letters: Vec<char> = token.text.chars().collect();
        let width = token.place.width() / count(letters.len()).max(1.0);
        let pieces = lexer::pieces(&token.text);
        let last = pieces.len().saturating_sub(1);
        for (at, (what, start, end)) in pieces.into_iter().enumerate() {
            // Brackets and dots around the pieces stay with them: `2)` is a line number, `2` a quantity.
            let (start, end) = (if at == 0 { 0 } else { start }, if at == last { letters.len() } else { end });
            let text: String = letters[start..end].iter().collect();
            let readings = match what {
                What::Number(number) => vec![Reading {
                    number,
                    weight: token.confidence.max(0.05) * if number.guessed > 0 { 0.7 } else { 1.0 },
                    takes_previous: false,
                }],
                What::Text | What::Times | What::Unit | What::Currency | What::Percent | What::Mark => vec![],
            };
            let left = token.place.left + width * count(start);
            cells.push(Cell { what, text, left, right: token.place.left + width * count(end), readings });
        }
    }
    times_with_currency(&mut cells);
    minus_signs(&mut cells, letter);
    let mut cells = spaced(cells, letter, style);
    for cell in &mut cells {
        three_digits(cell, style);
    }
    cells
}

/// Reads three digits behind a mark as this bill prints them. The other reading remains: it may be a weight.
fn three_digits(cell: &mut Cell, style: Style) {
    let Some(first) = cell.readings.first().copied().filter(|reading| reading.number.decimals == 3) else { return };
    let number = first.number;
    let (factor, decimals) = match style.three {
        Three::Quantity => return,
        Three::Thousands => (1000, 0),
        Three::Decimals => (10, 2),
    };
    if let Some(thousandths) = number.thousandths.checked_mul(factor) {
        cell.readings.insert(0, Reading { number: Number { thousandths, decimals, ..number }, ..first });
        cell.readings[1].weight *= 0.3;
    }
}

/// Words, with amounts joined that the engine split at their decimal mark: `64.` `15`, `385` `,00`, `26` `,` `90`.
fn tokens(words: &[Word], letter: f32) -> Vec<Token> {
    let mut tokens: Vec<Token> = vec![];
    for word in words {
        match tokens.last_mut() {
            Some(last)
                if word.place.left - last.place.right < 2.2 * letter && torn(&last.text, &word.text)
                    || word.place.left - last.place.right < 1.75 * letter && continues(&last.text, &word.text) =>
            {
                last.text.push_str(&word.text);
                last.place = last.place.around(&word.place);
                last.confidence = last.confidence.min(word.confidence);
            }
            _ => tokens.push(Token { text: word.text.clone(), place: word.place, confidence: word.confidence }),
        }
    }
    tokens
}

/// `3` `045,00`: a group of thousands with a leading zero is not a separate number.
fn continues(before: &str, after: &str) -> bool {
    let digits = before.trim_start_matches(|c: char| !c.is_alphanumeric());
    let short = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let group = after.chars().take_while(char::is_ascii_digit).count();
    let rest: String = after.chars().skip(group).collect();
    short && after.starts_with('0') && group == 3 && (rest.is_empty() || rest.starts_with(is_mark))
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '.' | ',' | '‚')
}

fn torn(before: &str, after: &str) -> bool {
    let ends_with_digit = |text: &str| text.chars().next_back().is_some_and(|c| c.is_ascii_digit());
    let is_sum_tail = |text: &str| {
        let digits = text.chars().take_while(|c| c.is_ascii_digit() || matches!(c, 'O' | 'o' | 'О' | 'о')).count();
        digits == 2 && text.chars().count() <= 5
    };
    let mut reversed = before.chars().rev();
    let last = reversed.next();
    let before_mark = reversed.next().is_some_and(|c| c.is_ascii_digit());
    let single = before.chars().filter(|c| is_mark(*c)).count() == 1;
    let is_ringgit = before.starts_with("RM") && before.chars().count() <= 6;
    if last.is_some_and(is_mark) && (before_mark || is_ringgit) && single {
        return is_sum_tail(after);
    }
    let mut letters = after.chars();
    let starts_with_mark = letters.next().is_some_and(is_mark);
    let rest = letters.as_str();
    starts_with_mark
        && ends_with_digit(before)
        && !before.chars().any(is_mark)
        && (rest.is_empty() || is_sum_tail(rest))
}

/// `2 ХЕМ 3.35`: times sign and currency were recognised as one word.
fn times_with_currency(cells: &mut [Cell]) {
    for at in 1..cells.len().saturating_sub(1) {
        let normalized = normalize(&cells[at].text);
        let word = cells[at].what == What::Text
            && normalized.starts_with('x')
            && (2..=4).contains(&normalized.chars().count());
        let factor = cells[at - 1].number().is_some_and(|number| number.decimals == 0);
        if word && factor && cells[at + 1].number().is_some_and(|number| number.decimals == 2) {
            cells[at].what = What::Times;
        }
    }
}

/// A lone minus directly before a sum is its sign.
fn minus_signs(cells: &mut Vec<Cell>, letter: f32) {
    let mut at = 1;
    while at < cells.len() {
        let sign = cells[at - 1].what == What::Mark && matches!(cells[at - 1].text.trim(), "-" | "−" | "–" | "—" | "~");
        let near = cells[at].left - cells[at - 1].right < 1.2 * letter;
        if sign && near && cells[at].number().is_some_and(|number| number.decimals == 2 && number.thousandths > 0) {
            for reading in &mut cells[at].readings {
                reading.number.thousandths = -reading.number.thousandths;
            }
            cells[at].left = cells[at - 1].left;
            cells.remove(at - 1);
        } else {
            at += 1;
        }
    }
}

/// Joins numbers split by a space: thousands (`1 590,00`), and a decimal mark that was not recognised (`58 30`).
fn spaced(cells: Vec<Cell>, letter: f32, style: Style) -> Vec<Cell> {
    let mut joined: Vec<Cell> = vec![];
    let count = cells.len();
    for (at, mut cell) in cells.into_iter().enumerate() {
        let last = at + 1 >= count.saturating_sub(1);
        let Some(before) = joined.last() else {
            joined.push(cell);
            continue;
        };
        let gap = (cell.left - before.right) / letter;
        let pair = before.number().zip(cell.number());
        if let Some((high, low)) = pair.filter(|_| gap < 2.6) {
            let text = format!("{} {}", before.text, cell.text);
            let weight = cell.readings[0].weight;
            if let Some(number) = thousands(high, low, &before.text, &cell.text) {
                if gap < 1.75 {
                    let reading = Reading { number, weight, takes_previous: false };
                    let left = before.left;
                    joined.pop();
                    joined.push(Cell { what: What::Number(number), text, left, readings: vec![reading], ..cell });
                    continue;
                }
                cell.readings.push(Reading { number, weight: weight * 0.6, takes_previous: true });
            } else if let Some(number) = pointless(high, &cell.text).filter(|_| style.decimals && last && gap < 1.75) {
                let reading = Reading { number, weight: weight * 0.6, takes_previous: false };
                let left = before.left;
                joined.pop();
                joined.push(Cell { what: What::Number(number), text, left, readings: vec![reading], ..cell });
                continue;
            }
        }
        if let Some(number) = thin_thousand(before, &cell).filter(|_| gap < 1.75) {
            let weight = cell.readings[0].weight * 0.6;
            cell.readings.push(Reading { number, weight, takes_previous: true });
        }
        joined.push(cell);
    }
    joined
}

/// `| 170,00`: the 1 of 1170 was recognised as a line.
fn thin_thousand(before: &Cell, cell: &Cell) -> Option<Number> {
    let thin = matches!(before.text.trim(), "|" | "I" | "l" | "!" | "]" | "[");
    let number = cell.number().filter(|number| matches!(number.decimals, 0 | 2))?;
    let three = cell.text.chars().take_while(char::is_ascii_digit).count() == 3;
    (thin && three).then(|| Number {
        thousandths: number.thousandths + 1_000_000,
        guessed: number.guessed + 1,
        ..number
    })
}

fn thousands(high: Number, low: Number, before: &str, after: &str) -> Option<Number> {
    let three = after.chars().take_while(char::is_ascii_digit).count() == 3 && matches!(low.decimals, 0 | 2);
    let short = high.decimals == 0 && (1..=999).contains(&(high.thousandths / 1000)) && before.chars().count() <= 3;
    let thousandths = high.thousandths.checked_mul(1000)?.checked_add(low.thousandths)?;
    let guessed = high.guessed + low.guessed;
    (three && short && high.thousandths > 0).then_some(Number { thousandths, decimals: low.decimals, guessed })
}

fn pointless(high: Number, after: &str) -> Option<Number> {
    let two = after.len() == 2 && after.bytes().all(|byte| byte.is_ascii_digit());
    let cents: i64 = after.parse().ok()?;
    let whole = high.decimals == 0 && (0..10_000_000).contains(&high.thousandths);
    (two && whole).then(|| Number {
        thousandths: high.thousandths + cents * 10,
        decimals: 2,
        guessed: high.guessed + 1,
    })
}
