//! The figures below the lines: totals, service, tax, discount, rounding, payment; and the plausibility of each total.

use super::classes::Class;
use super::lexer::What;
use super::page::{Choice, Origin};
use super::shape::Form;
use super::sheet::{Entry, Sheet};

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

/// A possible total.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) minor: i64,
    /// Strength of the evidence from words and other figures.
    pub(crate) score: f32,
    /// Number of independent figures that confirm it: total, subtotal, payment, cash minus change.
    pub(crate) witnesses: u32,
    /// Largest number of passes that agree on one of these figures.
    pub(crate) passes: usize,
    /// The first row with this total.
    pub(crate) row: usize,
    /// Not printed as such: it follows from other figures, and the recognised total differs by one digit.
    pub(crate) derived: bool,
}

/// All figures, and the strength of a total without a figure.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) all: Vec<Figure>,
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
    let mut taken = None;
    for (at, entry) in entries.iter().enumerate() {
        if entry.class == Class::TaxTable && at >= sheet.region.end {
            figures.taxed.extend(taxed(&entries[at + 1..]));
            break;
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
        let other = matches!(entry.class, Class::Plain | Class::Info | Class::Guest | Class::QuantityTotal);
        if taken == Some(at) || (other && !lone) {
            continue;
        }
        if let Some(choices) = own(entry) {
            let class = match entry.class {
                Class::Plain if nameless => Class::Tax,
                _ if lone => Class::Card,
                class => class,
            };
            figures.all.push(Figure { class, row: at, choices, passes: entry.line.passes });
        } else if let Class::Total(strength) = entry.class {
            match below(entries, at) {
                Some((row, choices)) => {
                    taken = Some(row);
                    let passes = entries[row].line.passes;
                    figures.all.push(Figure { class: entry.class, row, choices, passes });
                }
                None => figures.unread = figures.unread.max(Some(strength)),
            }
        }
    }
    let apart = |figure: &&Figure| {
        let summed = matches!(figure.class, Class::Subtotal | Class::Tax | Class::TaxIncluded);
        summed && figure.row >= figures.lines_end
    };
    let amounts: Vec<i64> = figures
        .all
        .iter()
        .filter(apart)
        .map(|figure| figure.choices[0].minor)
        .filter(|minor| *minor > 0)
        .take(8)
        .collect();
    // Net and tax in consecutive rows add up to the total.
    let pairs = amounts.windows(2).map(|pair| pair[0].saturating_add(pair[1]));
    let pairs: Vec<i64> = pairs.collect();
    figures.taxed.extend(pairs);
    figures
}

/// Sums of a tax table: of its last column (gross), of its last two columns (net and tax), and its own total row.
fn taxed(entries: &[Entry]) -> Vec<i64> {
    let (mut gross, mut both) = (0_i64, 0_i64);
    let mut sums = vec![];
    for entry in entries.iter().take(6) {
        let money = |cell: &super::cells::Cell| {
            cell.number().filter(|number| number.decimals == 2).and_then(super::amount::Number::money)
        };
        let figures: Vec<i64> = entry.line.cells.iter().filter_map(money).collect();
        if figures.is_empty() {
            break;
        }
        let [.., before, last] = figures[..] else { continue };
        if matches!(entry.class, Class::Total(_) | Class::QuantityTotal | Class::Tax) {
            sums.push(last);
            sums.push(before.saturating_add(last));
            break;
        }
        gross = gross.saturating_add(last);
        both = both.saturating_add(before).saturating_add(last);
    }
    sums.extend([gross, both].into_iter().filter(|sum| *sum > 0));
    sums
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

    /// Possible totals, the best first.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = vec![];
        for (order, figure) in self.all.iter().enumerate() {
            let Class::Total(strength) = figure.class else { continue };
            if figure.row < self.lines_end {
                continue;
            }
            let best = figure.choices.first().map_or(0.01, |choice| choice.weight.max(0.01));
            for (rank, choice) in figure.choices.iter().enumerate().filter(|(_, choice)| choice.minor > 0) {
                // Another reading of the same row; as likely if as many passes agree on it.
                let share = if rank == 0 { 1.0 } else { 0.9 * (choice.weight / best).min(1.0) };
                let later = 0.02 * f32::from(u8::try_from(order.min(20)).unwrap_or(20));
                let known = found.iter().any(|candidate| candidate.minor == choice.minor);
                let worth = if known { 1.2 } else { worth(strength) };
                let score = (worth + later) * share;
                let passes = if rank == 0 { figure.passes } else { 1 };
                support(&mut found, choice.minor, score, u32::from(share > 0.3), passes, figure.row, true);
            }
        }
        self.payments(&mut found);
        self.rounded(&mut found);
        let misread: Vec<Candidate> = self
            .taxed
            .iter()
            .filter_map(|taxed| {
                let read = found.iter().find(|candidate| is_misread(candidate.minor, *taxed))?;
                Some(Candidate { minor: *taxed, score: read.score - 1.0, passes: 1, derived: true, ..read.clone() })
            })
            .collect();
        found.extend(misread.into_iter().take(2));
        found.retain(|candidate| candidate.minor < 1_000_000_000);
        for candidate in found.iter_mut().filter(|candidate| self.taxed.contains(&candidate.minor)) {
            candidate.score += 1.0;
            candidate.witnesses += 1;
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(8);
        found
    }

    /// Payments are evidence for a total: card payments directly, cash minus change.
    fn payments(&self, found: &mut Vec<Candidate>) {
        let first_total = self.first_total.unwrap_or(usize::MAX);
        let paid =
            |class: Class| self.all.iter().filter(move |figure| figure.class == class && figure.row > first_total);
        for figure in paid(Class::Card) {
            if let Some(best) = figure.choices.first() {
                support(found, best.minor.abs(), 1.4, 1, figure.passes, figure.row, true);
            }
        }
        for cash in paid(Class::Cash) {
            for tendered in cash.choices.iter().take(2) {
                support(found, tendered.minor.abs(), 0.7, 1, cash.passes, cash.row, false);
                for change in paid(Class::Change).flat_map(|change| change.choices.iter().take(2)) {
                    let total = tendered.minor.abs() - change.minor.abs();
                    let alone = found.is_empty();
                    if total > 0 {
                        let score = if change.minor == 0 { 0.8 } else { 1.8 };
                        support(found, total, score, 1, 1, cash.row, alone);
                    }
                }
            }
        }
        for figure in self.all.iter().filter(|figure| figure.class == Class::Subtotal) {
            if let Some(best) = figure.choices.first() {
                support(found, best.minor, 0.3, 1, figure.passes, figure.row, false);
            }
        }
    }

    /// A total and a rounding that result in another total are evidence for the latter.
    fn rounded(&self, found: &mut [Candidate]) {
        let rounding = self.all.iter().filter(|figure| figure.class == Class::Rounding);
        let steps: Vec<i64> = rounding
            .filter_map(|figure| figure.choices.first())
            .map(|choice| choice.minor.abs())
            .filter(|minor| (1..100).contains(minor))
            .collect();
        let known: Vec<i64> = found.iter().map(|candidate| candidate.minor).collect();
        for candidate in found {
            let near = known.iter().any(|other| (1..=4).contains(&other.abs_diff(candidate.minor)) && other % 5 != 0);
            if near && candidate.minor % 5 == 0 {
                candidate.score += 1.0;
            }
            let made = steps
                .iter()
                .any(|step| known.contains(&(candidate.minor - step)) || known.contains(&(candidate.minor + step)));
            if made && candidate.minor % 5 == 0 {
                candidate.score += 1.5;
            }
        }
    }
}

/// Whether the two numbers differ in one digit that the engine tends to confuse.
pub(crate) fn is_misread(read: i64, right: i64) -> bool {
    let (a, b) = (read.to_string(), right.to_string());
    let differing: Vec<(u8, u8)> = a.bytes().zip(b.bytes()).filter(|(x, y)| x != y).collect();
    let similar = [b"06", b"08", b"09", b"17", b"14", b"38", b"35", b"56", b"68", b"89", b"39", b"27", b"58"];
    let [(x, y)] = differing[..] else { return false };
    a.len() == b.len() && right > 0 && similar.iter().any(|pair| **pair == [x, y] || **pair == [y, x])
}

fn worth(strength: u8) -> f32 {
    match strength {
        96.. => 3.6,
        86..96 => 2.8,
        76..86 => 2.4,
        _ => 1.2,
    }
}

/// Adds evidence for a sum; only a figure that can be a total itself creates a new candidate.
fn support(found: &mut Vec<Candidate>, minor: i64, score: f32, witnesses: u32, passes: usize, row: usize, makes: bool) {
    if let Some(known) = found.iter_mut().find(|candidate| candidate.minor == minor) {
        known.score += score;
        known.witnesses += witnesses;
        known.passes = known.passes.max(passes);
        known.row = known.row.min(row);
    } else if makes && minor > 0 {
        found.push(Candidate { minor, score, witnesses, passes, row, derived: false });
    }
}
