//! What the total may be: the rows that say so, and the figures that confirm it.

use super::classes::Class;
use super::figures::{Figure, Figures};
use super::page::Origin;

/// Larger amounts are codes.
const MINOR_MAX: i64 = 1_000_000_000;
/// Number of candidates that are tried.
const CANDIDATES_MAX: usize = 8;
/// Evidence below this comes from no word for a total and from no payment.
const LABELLED: f32 = 1.1;

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
    /// Not printed as such: it follows from other figures.
    pub(crate) derived: bool,
    /// A word says that it is the total, or it was paid. Other totals are only proposed.
    pub(crate) labelled: bool,
}

impl Figures {
    /// Possible totals, the best first.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let mut found = self.labelled();
        self.payments(&mut found);
        self.tenders(&mut found);
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
        self.refunds(&mut found);
        if found.iter().all(|candidate| candidate.score < LABELLED) {
            self.unlabelled(&mut found);
        }
        found.retain(|candidate| candidate.minor.abs() < MINOR_MAX);
        for candidate in found.iter_mut().filter(|candidate| self.taxed.contains(&candidate.minor)) {
            candidate.score += 1.0;
            candidate.witnesses += 1;
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(CANDIDATES_MAX);
        found
    }

    /// Rows with a word for a total.
    fn labelled(&self) -> Vec<Candidate> {
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
        found
    }

    /// Payments are evidence for a total: card payments directly, cash minus change.
    fn payments(&self, found: &mut Vec<Candidate>) {
        for figure in self.paid(Class::Card) {
            if let Some(best) = figure.choices.first() {
                // A negative payment is money given back: the total is negative too.
                support(found, best.minor.abs(), 1.4, 1, figure.passes, figure.row, best.minor > 0);
            }
        }
        for cash in self.paid(Class::Cash) {
            for tendered in cash.choices.iter().take(2) {
                support(found, tendered.minor.abs(), 0.7, 1, cash.passes, cash.row, false);
                for change in self.paid(Class::Change).flat_map(|change| change.choices.iter().take(2)) {
                    let total = tendered.minor.abs() - change.minor.abs();
                    if total > 0 {
                        let score = if change.minor == 0 { 0.8 } else { 1.8 };
                        let known = found.iter().any(|candidate| candidate.minor == total);
                        support(found, total, score, 1, 1, cash.row, true);
                        if let Some(made) = found.last_mut().filter(|_| !known) {
                            made.derived = true;
                        }
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

    fn paid(&self, class: Class) -> impl Iterator<Item = &Figure> {
        let first_total = self.first_total.unwrap_or(usize::MAX);
        self.all.iter().filter(move |figure| figure.class == class && figure.row > first_total)
    }

    /// A bill that was paid in parts, some in cash and some by card: together they are the total.
    fn tenders(&self, found: &mut [Candidate]) {
        let sum = |class: Class| {
            let paid = self.paid(class).filter_map(|figure| figure.choices.first());
            paid.fold((0_i64, 0_u32), |(sum, count), choice| (sum.saturating_add(choice.minor.abs()), count + 1))
        };
        let ((cash, coins), (card, cards), (change, _)) = (sum(Class::Cash), sum(Class::Card), sum(Class::Change));
        if coins + cards < 2 {
            return;
        }
        let total = cash.saturating_add(card).saturating_sub(change);
        if let Some(candidate) = found.iter_mut().find(|candidate| candidate.minor == total) {
            candidate.score += 1.4;
            candidate.witnesses += 1;
        }
    }

    /// A total of zero or below: paid with vouchers, or goods that were taken back. Only if no other total is printed,
    /// since zeros stand in many rows.
    fn refunds(&self, found: &mut Vec<Candidate>) {
        if found.iter().any(|candidate| candidate.labelled && !candidate.derived) {
            return;
        }
        for figure in self.all.iter().filter(|figure| figure.row >= self.lines_end) {
            let Class::Total(strength @ 80..) = figure.class else { continue };
            let Some(choice) = figure.choices.first().filter(|choice| choice.origin == Origin::Read) else { continue };
            if choice.minor <= 0 && found.iter().all(|candidate| candidate.minor != choice.minor) {
                let (minor, score, passes, row) = (choice.minor, worth(strength), figure.passes, figure.row);
                found.push(Candidate { minor, score, witnesses: 1, passes, row, derived: false, labelled: true });
            }
        }
    }

    /// Without any word for a total: what stands below the lines, best where it is printed twice or is the subtotal with
    /// its tax. Else the subtotal.
    fn unlabelled(&self, found: &mut Vec<Candidate>) {
        let first = |figure: &Figure| figure.choices.first().map_or(0, |choice| choice.minor);
        let figures: Vec<&Figure> = self.unlabelled.iter().filter(|figure| first(figure) > 0).take(12).collect();
        let of = |class: Class| {
            let all = self.all.iter().filter(move |figure| figure.class == class && figure.row >= self.lines_end);
            all.map(first).next().unwrap_or(0)
        };
        let (subtotal, tax, service) = (of(Class::Subtotal), of(Class::Tax), of(Class::Service));
        let made: Vec<i64> = [tax, service, tax.saturating_add(service)]
            .into_iter()
            .filter(|added| *added != 0 && subtotal != 0)
            .map(|added| subtotal.saturating_add(added))
            .collect();
        for figure in &figures {
            let minor = first(figure);
            let twice = figures.iter().filter(|other| first(other) == minor).count() > 1;
            let score = 0.3 + if twice { 0.5 } else { 0.0 } + if made.contains(&minor) { 0.9 } else { 0.0 };
            if found.iter().all(|candidate| candidate.minor != minor) {
                let (passes, row) = (figure.passes, figure.row);
                found.push(Candidate { minor, score, witnesses: 0, passes, row, derived: false, labelled: false });
            }
        }
        for figure in self.all.iter().filter(|figure| figure.class == Class::Subtotal && figure.row >= self.lines_end) {
            let minor = first(figure);
            if minor > 0 && found.iter().all(|candidate| candidate.minor != minor) {
                let (passes, row) = (figure.passes, figure.row);
                found.push(Candidate { minor, score: 0.7, witnesses: 0, passes, row, derived: false, labelled: false });
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
        found.push(Candidate { minor, score, witnesses, passes, row, derived: false, labelled: true });
    }
}
