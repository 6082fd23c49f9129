//! One interpretation of the whole cheque, with an assessment of its plausibility.

use super::balance::{Balance, Parts, balance, parts};
use super::candidates::Candidate;
use super::cells::{Line, Style};
use super::classes::Class;
use super::figures::{Figures, figures};
use super::group::{ITEMS_MAX, Item, items};
use super::page::Origin;
use super::sheet::{Sheet, sheet};

/// An interpretation of the cheque.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) sheet: Sheet,
    pub(crate) items: Vec<Item>,
    pub(crate) total: Option<Candidate>,
    /// All possible totals, the best first.
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) balance: Option<Balance>,
    pub(crate) parts: Parts,
    /// It adds up, and there is more than one piece of evidence.
    pub(crate) proven: bool,
    /// The bill has more lines than are read.
    pub(crate) cut: bool,
    /// Score for choosing between drafts; higher is better.
    pub(crate) score: f32,
}

/// Interprets the lines of a page.
pub(crate) fn draft(lines: Vec<Line>, style: Style) -> Draft {
    let sheet = sheet(lines, style);
    let mut items = items(&sheet);
    let cut = items.len() > ITEMS_MAX;
    items.truncate(ITEMS_MAX);
    let figures = figures(&sheet);
    let largest = items.iter().filter_map(|item| item.totals.first()).map(|choice| choice.minor).max().unwrap_or(0);
    let mut candidates = figures.candidates();
    // A payment as the only evidence, and less than one of the lines: a recognition error.
    candidates.retain(|candidate| candidate.score >= 1.5 || candidate.minor >= largest);
    let mut best: Option<(f32, Candidate, Balance)> = None;
    for candidate in &candidates {
        if let Some(balance) = balance(&items, &figures, candidate) {
            let score = candidate.score + 2.5 - 1.5 * balance.cost;
            if best.as_ref().is_none_or(|(known, ..)| *known < score) {
                best = Some((score, candidate.clone(), balance));
            }
        }
    }
    let by_words = candidates.first().cloned();
    // Discard a total that adds up if the words strongly favour another one.
    let best = best.filter(|(score, ..)| by_words.as_ref().is_none_or(|other| *score > other.score - 0.5));
    let (total, balance) = match best {
        Some((_, candidate, balance)) => (Some(candidate), Some(balance)),
        None => (by_words, None),
    };
    let parts = balance.as_ref().map_or_else(|| likely_parts(&figures, total.as_ref()), |balance| balance.parts);
    let proven = match (&balance, &total) {
        (Some(balance), Some(total)) => is_proven(balance, total, &items, &figures),
        _ => false,
    };
    if balance.is_none() {
        by_subtotal(&mut items, &figures);
        // Without a matching total, a row with only a quantity is not counted as a line.
        items.retain(|item| !item.free);
    }
    let score = score(&items, total.as_ref(), balance.as_ref(), proven);
    Draft { sheet, items, total, candidates, balance, parts, proven, cut, score }
}

fn likely_parts(figures: &Figures, total: Option<&Candidate>) -> Parts {
    let until = total.map_or(usize::MAX, |total| total.row.max(figures.last_total_row()));
    parts(figures, until, None).first().map(|(parts, _)| *parts).unwrap_or_default()
}

/// If no total adds up, the subtotal may still determine which readings of the lines are right.
fn by_subtotal(items: &mut [Item], figures: &Figures) {
    let alone = Figures { lines_end: figures.lines_end, ..Figures::default() };
    let subtotals =
        figures.all.iter().filter(|figure| figure.class == Class::Subtotal && figure.row >= figures.lines_end);
    for figure in subtotals {
        let minor = figure.choices[0].minor;
        let (passes, row) = (figure.passes, figure.row);
        let candidate = Candidate { minor, score: 1.0, witnesses: 1, passes, row, derived: false, labelled: false };
        let Some(found) = balance(items, &alone, &candidate).filter(|found| found.repaired.is_empty()) else {
            continue;
        };
        for (item, sum) in items.iter_mut().zip(&found.sums) {
            if let Some(at) = item.totals.iter().position(|choice| choice.minor == *sum) {
                item.totals.swap(0, at);
            }
        }
        return;
    }
}

/// Adding up is proof if many lines contribute. With one or two lines, an error may repeat itself, so more evidence is
/// needed.
fn is_proven(balance: &Balance, total: &Candidate, items: &[Item], figures: &Figures) -> bool {
    let counted = items.iter().zip(&balance.sums).filter(|(_, sum)| **sum != 0).count();
    let checked = items.iter().filter(|item| item.checked).count();
    let stronger_unread = figures.unread.is_some_and(|strength| strength > 90) && total.witnesses < 2;
    let followed = figures.is_followed(total);
    // A row mentions rounding to multiples of five, but this total is not one: it is the total before rounding.
    let unrounded = figures.rounds && figures.rounding_max == 5 && total.minor % 5 != 0;
    let contradicted =
        figures.candidates().iter().any(|other| other.minor != total.minor && other.score > total.score + 0.4);
    let evidence = total.witnesses + u32::from(total.passes > 1) + u32::from(checked * 2 >= counted && checked > 0);
    let needed = match counted {
        0 => return false,
        1 | 2 if total.derived => return false,
        1 | 2 => 3,
        3 | 4 => 2,
        _ => 1,
    };
    let bent = !balance.repaired.is_empty() || balance.cost > 1.6 || balance.changed.len() > 1 + counted / 5;
    total.labelled
        && !is_ambiguous(items, &balance.sums)
        && evidence >= needed
        && !stronger_unread
        && !followed
        && !unrounded
        && !contradicted
        && !bent
}

/// Whether two lines have other readings, about as likely, whose differences cancel each other: then the total confirms
/// both choices, and one is wrong.
fn is_ambiguous(items: &[Item], sums: &[i64]) -> bool {
    let differences = items.iter().zip(sums).enumerate().flat_map(|(at, (item, sum))| {
        let chosen = item.totals.iter().find(|choice| choice.minor == *sum).map_or(0.0, |choice| choice.weight);
        let others = item.totals.iter().filter(move |choice| !item.checked && choice.minor != *sum);
        let likely = others.filter(move |choice| choice.weight >= 0.5 * chosen);
        likely.map(move |choice| (at, choice.minor.saturating_sub(*sum)))
    });
    let differences: Vec<(usize, i64)> = differences.take(200).collect();
    let cancels = |one: &(usize, i64), other: &(usize, i64)| one.0 != other.0 && one.1 == -other.1;
    differences.iter().any(|one| differences.iter().any(|other| cancels(one, other)))
}

fn score(items: &[Item], total: Option<&Candidate>, balance: Option<&Balance>, proven: bool) -> f32 {
    let words = total.map_or(0.0, |total| total.score.min(8.0));
    let read = |item: &&Item| item.totals.first().is_some_and(|choice| choice.origin == Origin::Read);
    let lines = f32::from(u8::try_from(items.iter().filter(read).count()).unwrap_or(u8::MAX));
    let checked = f32::from(u8::try_from(items.iter().filter(|item| item.checked).count()).unwrap_or(u8::MAX));
    let adds_up = balance.map_or(0.0, |balance| 12.0 - 4.0 * balance.cost) + if proven { 12.0 } else { 0.0 };
    words + lines.min(60.0) * 0.3 + checked.min(60.0) * 0.15 + adds_up
}

impl Figures {
    /// Whether another total follows below: group totals come first, and the last one is the amount to pay.
    pub(crate) fn is_followed(&self, total: &Candidate) -> bool {
        self.all.iter().any(|figure| {
            let other = figure.choices.iter().all(|choice| choice.minor.abs_diff(total.minor) > 5);
            matches!(figure.class, Class::Total(80..)) && figure.row > total.row && other
        })
    }

    /// The rounding that leads from another total to this one: up to four hundredths, to a multiple of five.
    pub(crate) fn rounded_by(&self, total: i64) -> Option<i64> {
        let totals = self.all.iter().filter(|figure| matches!(figure.class, Class::Total(_) | Class::Subtotal));
        let steps = totals.map(|figure| total.saturating_sub(figure.choices[0].minor));
        steps.filter(|step| (1..=4).contains(&step.abs()) && total % 5 == 0).min_by_key(|step| step.abs())
    }

    /// The last row with a total; rows below it are only information.
    pub(crate) fn last_total_row(&self) -> usize {
        let totals = self.all.iter().filter(|figure| matches!(figure.class, Class::Total(_)));
        totals.map(|figure| figure.row).max().unwrap_or(0)
    }
}
