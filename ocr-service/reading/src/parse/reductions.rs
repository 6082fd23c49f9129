//! Negative amounts: lines of their own among the lines, a discount of the whole bill below them. And offers of tips.

use super::classes::Class;
use super::entry::Entry;
use super::lexer::What;
use super::shape::Form;

/// Words for something taken back, which is a line wherever it stands.
const TAKEN_BACK: [&str; 9] = ["leergut", "pfand", "storno", "минус", "возврат", "return", "refund", "void", "тары"];

/// Decides which negative rows reduce the whole bill, and which are lines: a voided dish, a returned deposit, a rebate for
/// the line above.
pub(super) fn reductions(entries: &mut [Entry]) {
    let is_line = |entry: &Entry| entry.class == Class::Plain && entry.shape.form == Form::Full;
    let is_total =
        |entry: &Entry| matches!(entry.class, Class::Total(_) | Class::Subtotal) && !entry.amounts.is_empty();
    let first = entries.iter().position(|entry| is_line(entry) && amount(entry) > 0);
    let total = entries.iter().position(is_total).unwrap_or(entries.len());
    let last = entries[..total].iter().rposition(is_line);
    let mut lines: Vec<i64> = vec![];
    for (at, entry) in entries.iter_mut().enumerate() {
        let among = first.is_some_and(|first| (first..total).contains(&at));
        let negative = entry.shape.form == Form::Full && amount(entry) < 0;
        let class = match entry.class {
            Class::Discount if among && negative => {
                let ends = last.is_none_or(|last| last < at);
                if ends && is_of_all(entry, &lines) { Class::Discount } else { Class::Plain }
            }
            // Named after the bank or the card, but of all lines: `Сбербанк 15% -1232.25`.
            Class::Plain if among && negative && last == Some(at) && has_percent(entry) && is_of_all(entry, &lines) => {
                Class::Discount
            }
            Class::Plain if negative && !among && is_reduction(entry) => Class::Discount,
            class => class,
        };
        if class == Class::Plain && among {
            lines.push(amount(entry));
        }
        entry.class = class;
    }
}

fn has_percent(entry: &Entry) -> bool {
    entry.line.cells.iter().any(|cell| cell.what == What::Percent)
}

fn amount(entry: &Entry) -> i64 {
    entry.shape.totals.first().map_or(0, |choice| choice.minor)
}

/// Whether the reduction is one of the whole bill: without a percentage, or with it not of a single line, and of at least
/// three quarters of all. Some lines may be excepted.
fn is_of_all(entry: &Entry, lines: &[i64]) -> bool {
    let mut cells = entry.line.cells.iter().filter(|cell| cell.what == What::Percent);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse::<i64>().ok();
    let Some(percent) = cells.find_map(|cell| digits(&cell.text)) else { return true };
    let off = -i128::from(amount(entry)) * 100;
    let part = |sum: i64| i128::from(sum) * i128::from(percent);
    // Rounded to a hundredth.
    let of_one = lines.iter().any(|line| (part(*line) - off).abs() <= 100);
    let all = lines.iter().fold(0_i64, |sum, line| sum.saturating_add(*line));
    !(of_one && lines.len() > 1) && off * 4 >= part(all) * 3 && off <= part(all) + 100
}

/// Whether a negative sum is a discount, as opposed to a returned deposit or returned goods.
fn is_reduction(entry: &Entry) -> bool {
    let name = entry.shape.name.to_lowercase();
    let goods = entry.line.cells.iter().filter(|cell| cell.number().is_some()).count() >= 4 || entry.shape.checked;
    !TAKEN_BACK.iter().any(|word| name.contains(word)) && !goods
}

/// Tips that are offered below the total, `18% 5.80` or `20% Tip 6.44 Total 41.30`: nothing of it is owed. They come
/// below their heading, or two and more in a row.
pub(super) fn offers(entries: &mut [Entry]) {
    let is_total = |entry: &Entry| matches!(entry.class, Class::Total(80..)) && !entry.amounts.is_empty();
    let total = entries.iter().position(is_total);
    let heading = entries.iter().position(|entry| entry.class == Class::Suggestion);
    let Some(first) = heading.or(total) else { return };
    let offer = |entry: &Entry| {
        let taxed = matches!(entry.class, Class::Tax | Class::TaxIncluded | Class::TaxTable | Class::Service);
        !taxed && entry.line.cells.iter().any(|cell| cell.what == What::Percent)
    };
    let rows: Vec<usize> = (first + 1..entries.len()).filter(|at| offer(&entries[*at])).collect();
    let paired = rows.windows(2).any(|pair| pair[1] - pair[0] <= 2);
    if heading.is_some() || paired {
        for at in rows {
            entries[at].class = Class::Suggestion;
        }
    }
}
