//! Slips for tests, drawn as text: every letter is ten pixels wide, every row thirty pixels high.

use super::{Parsed, cheque};
use crate::word::{Pass, Place, Word};
use contracts::money::BillMoney;
use std::ops::Range;

/// The words of a slip, as recognised by a perfect engine.
pub(super) fn words(slip: &str) -> Vec<Word> {
    let rows = slip.lines().enumerate();
    rows.flat_map(|(number, row)| row_words(row, number)).collect()
}

fn row_words(row: &str, number: usize) -> Vec<Word> {
    let letters: Vec<char> = row.chars().collect();
    let starts = (0..letters.len()).filter(|at| letters[*at] != ' ' && (*at == 0 || letters[at - 1] == ' '));
    let spans =
        starts.map(|start| start..(start..letters.len()).find(|at| letters[*at] == ' ').unwrap_or(letters.len()));
    spans.map(|span| word(&letters, span, number)).collect()
}

fn word(letters: &[char], span: Range<usize>, number: usize) -> Word {
    let pixels = |count: usize, size: u16| f32::from(u16::try_from(count).unwrap()) * f32::from(size);
    let top = pixels(number, 30);
    let place = Place { left: pixels(span.start, 10), top, right: pixels(span.end, 10) - 1.0, bottom: top + 18.0 };
    Word { text: letters[span].iter().collect(), confidence: 0.95, place, line: u32::try_from(number).unwrap() }
}

/// A pass over the slip.
pub(super) fn pass(slip: &str) -> Pass {
    Pass { name: "drawn", words: words(slip) }
}

/// The cheque that results from two identical passes over the slip.
pub(super) fn read(slip: &str) -> Parsed {
    cheque(&[pass(slip), pass(slip)])
}

/// The lines as `quantity name total`, for comparisons.
pub(super) fn lines(parsed: &Parsed) -> Vec<String> {
    let text = |money: Option<BillMoney>| money.map_or_else(|| "?".to_owned(), |money| money.to_string());
    let products = parsed.cheque.products.iter();
    products.map(|product| format!("{} {} {}", product.number_servings, product.name, text(product.total))).collect()
}

/// The total, for comparisons.
pub(super) fn total(parsed: &Parsed) -> String {
    parsed.cheque.total_account.map_or_else(|| "?".to_owned(), |money| money.to_string())
}
