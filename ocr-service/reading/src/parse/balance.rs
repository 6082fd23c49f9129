//! Decides between readings by arithmetic: which sums of the lines and which parts add up to the total.

use super::candidates::{Candidate, is_misread};
use super::classes::Class;
use super::figures::{Figure, Figures};
use super::group::Item;
use super::page::Origin;
use std::collections::HashMap;

/// Amounts added to or subtracted from the lines, in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) service: i64,
    /// A positive number.
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) tip: i64,
    pub(crate) rounding: i64,
}

impl Parts {
    fn sum(self) -> i64 {
        self.service + self.tax + self.tip + self.rounding - self.discount
    }
}

/// One way in which the cheque adds up.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    pub(crate) parts: Parts,
    /// The sum of each line.
    pub(crate) sums: Vec<i64>,
    /// Lines whose sum is not their most likely reading.
    pub(crate) changed: Vec<usize>,
    /// Lines in which a misread character was replaced.
    pub(crate) repaired: Vec<usize>,
    /// Penalty for the changes; 0 if there are none.
    pub(crate) cost: f32,
}

/// A row that may be a part: its class and its possible sums.
type PartRow = (Class, Vec<i64>);

const PART_ROWS_MAX: usize = 6;

/// The ways to combine the figures into parts, the most natural first, each with its cost.
pub(crate) fn parts(figures: &Figures, until: usize, rounded: Option<i64>) -> Vec<(Parts, f32)> {
    let rows = part_rows(figures, until, rounded);
    // Consider second readings of a part only while there are few combinations.
    let readings = if rows.len() <= 4 { 2 } else { 1 };
    let mut ways = vec![(Parts::default(), 0.0_f32)];
    for (class, minors) in &rows {
        let mut more = vec![];
        for (parts, cost) in &ways {
            let left_out = if *class == Class::Tax { 0.0 } else { 0.4 };
            more.push((*parts, cost + left_out));
            for (rank, minor) in minors.iter().take(readings).enumerate() {
                let mut parts = *parts;
                put(&mut parts, *class, *minor);
                let taken = if *class == Class::Tax { 0.1 } else { 0.0 } + if rank > 0 { 0.3 } else { 0.0 };
                more.push((parts, cost + taken));
                if *class == Class::Rounding && *minor > 0 {
                    // Rounding is often printed without its sign.
                    more.push((Parts { rounding: parts.rounding - 2 * minor, ..parts }, cost + taken + 0.05));
                }
            }
        }
        ways = more;
    }
    ways.sort_by(|a, b| a.1.total_cmp(&b.1));
    ways
}

fn part_rows(figures: &Figures, until: usize, rounded: Option<i64>) -> Vec<PartRow> {
    let among_lines = |figure: &&Figure| figure.class == Class::Discount && figure.row < figures.lines_end;
    let off = figures.all.iter().filter(among_lines).map(|figure| figure.choices[0].minor.saturating_abs());
    let off = off.fold(0, i64::saturating_add);
    let mut rows: Vec<PartRow> = vec![];
    if off > 0 {
        rows.push((Class::Discount, vec![off]));
    }
    for class in [Class::Service, Class::Discount, Class::Tax, Class::Tip, Class::Rounding] {
        for figure in figures.of(class, until).filter(|figure| !among_lines(figure)) {
            let most = if class == Class::Rounding { figures.rounding_max } else { i64::MAX };
            let read = figure.choices.iter().map(|choice| choice.minor);
            let minors: Vec<i64> = read.filter(|minor| *minor != 0 && minor.saturating_abs() < most).collect();
            if !minors.is_empty() && !rows.contains(&(class, minors.clone())) && rows.len() < PART_ROWS_MAX {
                rows.push((class, minors));
            }
        }
    }
    // If two totals differ by a few hundredths and no rounding row was recognised, the difference is the rounding.
    if let Some(step) = rounded.filter(|_| rows.iter().all(|(class, _)| *class != Class::Rounding)) {
        rows.push((Class::Rounding, vec![step]));
    }
    rows
}

fn put(parts: &mut Parts, class: Class, minor: i64) {
    match class {
        Class::Service => parts.service += minor,
        Class::Discount => parts.discount += minor.abs(),
        Class::Tax => parts.tax += minor,
        Class::Tip => parts.tip += minor,
        Class::Rounding => parts.rounding += minor,
        _ => {}
    }
}

/// A change of one line's sum, with its cost.
#[derive(Clone, Copy, Debug)]
struct Change {
    item: usize,
    minor: i64,
    cost: f32,
}

/// The cheapest way in which lines and parts add up to this total.
pub(crate) fn balance(items: &[Item], figures: &Figures, candidate: &Candidate) -> Option<Balance> {
    let sums: Vec<i64> = items.iter().map(|item| item.totals.first().map_or(0, |choice| choice.minor)).collect();
    if items.is_empty() || items.iter().any(|item| item.totals.is_empty() && !item.free) {
        return None;
    }
    let sum = sums.iter().try_fold(0_i64, |sum, minor| sum.checked_add(*minor))?;
    let ways = parts(figures, candidate.row.max(figures.last_total_row()), figures.rounded_by(candidate.minor));
    let base: f32 = items
        .iter()
        .map(|item| if item.totals.first().is_some_and(|choice| choice.origin == Origin::Computed) { 0.3 } else { 0.0 })
        .sum();
    let found = |parts: Parts, changes: &[Change], cost: f32| {
        let mut sums = sums.clone();
        for change in changes {
            sums[change.item] = change.minor;
        }
        let changed = changes.iter().map(|change| change.item).collect();
        Balance { parts, sums, changed, repaired: vec![], cost: cost + base }
    };
    if let Some((parts, cost)) = ways.iter().find(|(parts, _)| sum + parts.sum() == candidate.minor) {
        return Some(found(*parts, &[], *cost));
    }
    let may_round = figures.rounds && !figures.has_zero_rounding() && candidate.minor % 5 == 0 && items.len() > 2;
    if let Some((parts, cost)) = rounded(&ways, candidate.minor - sum).filter(|_| may_round) {
        return Some(found(parts, &[], cost));
    }
    let changes = changes(items, &sums);
    let mut by_delta: HashMap<i64, Vec<&Change>> = HashMap::new();
    for change in &changes {
        by_delta.entry(change.minor - sums[change.item]).or_default().push(change);
    }
    let mut best: Option<Balance> = None;
    let mut keep = |balance: Balance| {
        if best.as_ref().is_none_or(|known| balance.cost < known.cost) {
            best = Some(balance);
        }
    };
    for (parts, cost) in &ways {
        let missing = candidate.minor - sum - parts.sum();
        for picked in bent(&changes, &by_delta, &sums, missing) {
            keep(found(*parts, &picked, cost + picked.iter().map(|change| change.cost).sum::<f32>()));
        }
    }
    if best.is_none() {
        let likely = ways.iter().filter(|(_, cost)| *cost < 0.3);
        let mut repairs = likely.filter_map(|(parts, cost)| {
            let change = repair(items, &sums, candidate.minor - sum - parts.sum())?;
            Some(Balance { repaired: vec![change.item], ..found(*parts, &[change], cost + change.cost) })
        });
        let only = repairs.next();
        return only.filter(|_| repairs.next().is_none());
    }
    best
}

/// Accepts a missing rounding of a few hundredths, whose row could not be recognised.
fn rounded(ways: &[(Parts, f32)], missing: i64) -> Option<(Parts, f32)> {
    let step = |parts: &Parts| missing - parts.sum() + parts.rounding;
    let (parts, cost) = ways.iter().find(|(parts, _)| (1..=4).contains(&step(parts).abs()))?;
    Some((Parts { rounding: step(parts), ..*parts }, cost + 0.2))
}

/// One or two changes that compensate for the missing amount; the cheapest of each kind.
fn bent(changes: &[Change], by_delta: &HashMap<i64, Vec<&Change>>, sums: &[i64], missing: i64) -> Vec<Vec<Change>> {
    let delta = |change: &Change| change.minor - sums[change.item];
    let cheapest = |found: &[&Change], other: Option<usize>| {
        found
            .iter()
            .filter(|change| Some(change.item) != other)
            .min_by(|a, b| a.cost.total_cmp(&b.cost))
            .map(|change| **change)
    };
    if let Some(one) = by_delta.get(&missing).and_then(|found| cheapest(found, None)) {
        return vec![vec![one]];
    }
    let pairs = changes.iter().filter_map(|first| {
        let second = by_delta.get(&(missing - delta(first))).and_then(|found| cheapest(found, Some(first.item)))?;
        Some(vec![*first, second])
    });
    pairs.min_by(|a, b| cost(a).total_cmp(&cost(b))).into_iter().collect()
}

fn cost(changes: &[Change]) -> f32 {
    changes.iter().map(|change| change.cost).sum()
}

fn changes(items: &[Item], sums: &[i64]) -> Vec<Change> {
    let mut changes = vec![];
    for (at, item) in items.iter().enumerate() {
        let all: f32 = item.totals.iter().map(|choice| choice.weight).sum();
        for choice in item.totals.iter().skip(1).filter(|choice| choice.minor != sums[at]) {
            let share = choice.weight / all.max(0.01);
            let doubt = match choice.origin {
                Origin::Read => 0.3,
                Origin::Guessed => 0.5,
                Origin::Computed => 0.4,
            };
            let proven = if item.checked { 1.0 } else { 0.0 };
            changes.push(Change { item: at, minor: choice.minor, cost: doubt + 0.6 * (1.0 - share) + proven });
        }
        let computed =
            item.quantity.zip(item.price).and_then(|(quantity, price)| super::product::times(quantity, price));
        if let Some(minor) =
            computed.filter(|minor| *minor != sums[at] && item.totals.iter().all(|choice| choice.minor != *minor))
        {
            changes.push(Change { item: at, minor, cost: 0.7 });
        }
    }
    changes
}

/// The only line that compensates for the missing amount if one digit of its sum is replaced.
fn repair(items: &[Item], sums: &[i64], missing: i64) -> Option<Change> {
    let mut fitting = items.iter().enumerate().filter(|(at, item)| {
        let doubtful = !item.checked && (item.totals.len() > 1 || item.totals.iter().any(|choice| choice.weight < 1.2));
        let right = sums[*at].checked_add(missing);
        doubtful && right.is_some_and(|right| is_misread(sums[*at], right))
    });
    let (item, _) = fitting.next()?;
    fitting.next().is_none().then_some(Change { item, minor: sums[item] + missing, cost: 1.5 })
}
