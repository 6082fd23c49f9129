//! The figures below the lines: totals, service, tax, discount, rounding, payment.

use super::classes::Class;
use super::entry::Entry;
use super::lexer::What;
use super::page::{Choice, Origin};
use super::shape::Form;
use super::sheet::Sheet;

/// A row with a figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) class: Class,
    /// The row number.
    pub(crate) row: usize,
    /// Possible readings, the most likely first; never empty.
    pub(crate) choices: Vec<Choice>,
    /// Number of passes that recognised the row.
    pub(crate) passes: usize,
}

/// All figures, and the strength of a total without a figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) all: Vec<Figure>,
    /// Amounts below the lines without a word that says what they are.
    pub(crate) unlabelled: Vec<Figure>,
    /// Strength of the strongest total word whose figure was not recognised.
    pub(crate) unread: Option<u8>,
    /// The row after the last line; totals above it are group totals.
    pub(crate) lines_end: usize,
    /// The first row with a total word.
    pub(crate) first_total: Option<usize>,
    /// A row mentions rounding.
    pub(crate) rounds: bool,
    /// Upper bound of roundings: a few hundredths where the smallest coin is five, less than one rouble in roubles.
    pub(crate) rounding_max: i64,
    /// Sums of the tax tables, in their possible interpretations.
    pub(crate) taxed: Vec<i64>,
}

/// Collects the figures of a sheet.
pub(crate) fn figures(sheet: &Sheet) -> Figures {
    let rounding_max = if sheet.page.style.roubles { 100 } else { 5 };
    let mut figures = Figures { lines_end: sheet.region.end, rounding_max, ..Figures::default() };
    let entries = &sheet.entries;
    let (mut taken, mut table_end) = (None, 0);
    for (at, entry) in entries.iter().enumerate() {
        if at < table_end {
            continue;
        }
        if entry.class == Class::TaxTable && at >= sheet.region.end {
            let (sums, rows) = taxed(&entries[at + 1..]);
            figures.taxed.extend(sums);
            table_end = at + 1 + rows;
            continue;
        }
        if matches!(entry.class, Class::Total(_) | Class::Subtotal) && at >= sheet.region.end {
            figures.first_total = figures.first_total.or(Some(at));
        }
        figures.rounds |= entry.class == Class::Rounding;
        // `EUR 19,77` alone, on the card terminal's slip.
        let lone = entry.class == Class::Plain && at >= sheet.region.end && is_lone(entry);
        // A figure between subtotal and total whose word was not recognised: possibly the tax.
        let nameless = entry.class == Class::Plain
            && entry.shape.form == Form::Numbers
            && figures.first_total.is_some_and(|total| total < at)
            && entry.amounts.first().is_some_and(|choice| choice.minor > 0);
        let lone = lone || nameless;
        let other = matches!(
            entry.class,
            Class::Plain | Class::Info | Class::Guest | Class::QuantityTotal | Class::Suggestion | Class::TaxTable
        );
        if taken == Some(at) || (other && !lone) {
            let unlabelled = taken != Some(at) && matches!(entry.class, Class::Plain | Class::Info);
            if unlabelled && at >= sheet.region.end && !entry.amounts.is_empty() {
                let (choices, passes) = (entry.amounts.clone(), entry.line.passes);
                figures.unlabelled.push(Figure { class: Class::Plain, row: at, choices, passes });
            }
            continue;
        }
        if nameless {
            // Or the total itself.
            let (choices, passes) = (entry.amounts.clone(), entry.line.passes);
            figures.unlabelled.push(Figure { class: Class::Plain, row: at, choices, passes });
        }
        if let Some(choices) = own(entry) {
            let class = match entry.class {
                Class::Plain if nameless => Class::Tax,
                _ if lone => Class::Card,
                class => class,
            };
            figures.all.push(Figure { class, row: at, choices, passes: entry.line.passes });
        } else if let Class::Total(strength) = entry.class {
            taken = figures.add_total(sheet, at, strength).or(taken);
        }
    }
    figures.add_pairs();
    figures
}

impl Figures {
    /// Adds the total of a row without an amount at its usual place; returns the row that holds it, if that is another.
    fn add_total(&mut self, sheet: &Sheet, at: usize, strength: u8) -> Option<usize> {
        let entries = &sheet.entries;
        let class = Class::Total(strength);
        if let Some((row, choices)) = below(entries, at) {
            self.all.push(Figure { class, row, choices, passes: entries[row].line.passes });
            return Some(row);
        }
        self.unread = self.unread.max(Some(strength));
        // The amount is not where amounts are: left of them, or without its decimals.
        let choices = odd(&entries[at], sheet);
        if !choices.is_empty() && at >= sheet.region.end {
            let class = Class::Total(strength.min(60));
            self.all.push(Figure { class, row: at, choices, passes: entries[at].line.passes });
        }
        None
    }

    /// Net and tax in consecutive rows add up to the total.
    fn add_pairs(&mut self) {
        let is_summed = |figure: &&Figure| {
            let summed = matches!(figure.class, Class::Subtotal | Class::Tax | Class::TaxIncluded);
            summed && figure.row >= self.lines_end
        };
        let amounts = self.all.iter().filter(is_summed).map(|figure| figure.choices[0].minor);
        let amounts: Vec<i64> = amounts.filter(|minor| *minor > 0).take(8).collect();
        self.taxed.extend(amounts.windows(2).map(|pair| pair[0].saturating_add(pair[1])));
    }
}

/// Sums of a tax table: of its last column (gross), of its last two columns (net and tax), and its own total row.
/// Also the number of rows of the table.
fn taxed(entries: &[Entry]) -> (Vec<i64>, usize) {
    let (mut gross, mut both) = (0_i64, 0_i64);
    let (mut sums, mut rows) = (vec![], 0);
    for entry in entries.iter().take(6) {
        let money = |cell: &super::cells::Cell| {
            cell.number().filter(|number| number.decimals == 2).and_then(super::amount::Number::money)
        };
        let figures: Vec<i64> = entry.line.cells.iter().filter_map(money).collect();
        if figures.is_empty() {
            break;
        }
        let [.., before, last] = figures[..] else {
            // One figure only: the table has ended, unless it is a row of it that is not wholly legible.
            if !matches!(entry.class, Class::Plain | Class::Tax | Class::TaxIncluded) {
                break;
            }
            rows += 1;
            continue;
        };
        rows += 1;
        if matches!(entry.class, Class::Total(_) | Class::QuantityTotal | Class::Tax) {
            sums.push(last);
            sums.push(before.saturating_add(last));
            break;
        }
        gross = gross.saturating_add(last);
        both = both.saturating_add(before).saturating_add(last);
    }
    sums.extend([gross, both].into_iter().filter(|sum| *sum > 0));
    (sums, rows)
}

fn is_lone(entry: &Entry) -> bool {
    let whats: Vec<What> = entry.line.cells.iter().map(|cell| cell.what).filter(|what| *what != What::Mark).collect();
    matches!(whats[..], [What::Currency, What::Number(_)])
}

fn own(entry: &Entry) -> Option<Vec<Choice>> {
    (!entry.amounts.is_empty()).then(|| entry.amounts.clone())
}

/// A total's figure that is alone on the next row: `К оплате` / `4970`.
fn below(entries: &[Entry], at: usize) -> Option<(usize, Vec<Choice>)> {
    let label = &entries[at].line;
    let next = entries
        .iter()
        .enumerate()
        .skip(at + 1)
        .find(|(_, entry)| entry.shape.form != Form::Nothing || !entry.line.text.is_empty());
    let (row, entry) = next?;
    let near = entry.line.place.top - label.place.bottom < 1.6 * label.height.max(entry.line.height);
    let alone = entry.line.cells.iter().filter(|cell| cell.text.chars().any(char::is_alphanumeric)).count() <= 3;
    let digits = entry.line.text.chars().filter(char::is_ascii_digit).count();
    let letters = entry.line.text.chars().filter(|c| c.is_alphabetic()).count();
    if !near || !alone || letters > digits + 3 || entry.class != Class::Plain {
        return None;
    }
    let choices = if entry.amounts.is_empty() { whole(entry) } else { entry.amounts.clone() };
    (!choices.is_empty()).then_some((row, choices))
}

/// Any number of the row as money, if no column for sums is known.
fn whole(entry: &Entry) -> Vec<Choice> {
    let numbers = entry.line.cells.iter().flat_map(|cell| &cell.readings);
    let money = numbers.filter_map(|reading| reading.number.money().map(|minor| (minor, reading.weight)));
    money.map(|(minor, weight)| Choice { minor, weight: weight * 0.8, origin: Origin::Read }).collect()
}

/// An amount of a total's row that is printed like the others, at an unusual place.
fn odd(entry: &Entry, sheet: &Sheet) -> Vec<Choice> {
    let decimals = if sheet.page.style.decimals { 2 } else { 0 };
    let cells = entry.line.cells.iter().rev();
    let numbers = cells.filter_map(|cell| cell.readings.iter().find(|reading| reading.number.decimals == decimals));
    let money = numbers.filter_map(|reading| reading.number.money().map(|minor| (minor, reading.weight)));
    let mut choices: Vec<Choice> = money
        .filter(|(minor, _)| *minor > 0)
        .map(|(minor, weight)| Choice { minor, weight: weight * 0.5, origin: Origin::Guessed })
        .collect();
    choices.truncate(1);
    choices
}

impl Figures {
    /// The figures of a class, above or at row `until`.
    pub(crate) fn of(&self, class: Class, until: usize) -> impl Iterator<Item = &Figure> {
        self.all.iter().filter(move |figure| figure.class == class && figure.row <= until)
    }

    /// Whether a rounding row says zero.
    pub(crate) fn has_zero_rounding(&self) -> bool {
        let mut rows = self.all.iter().filter(|figure| figure.class == Class::Rounding);
        rows.any(|figure| figure.choices.iter().any(|choice| choice.minor == 0))
    }
}
