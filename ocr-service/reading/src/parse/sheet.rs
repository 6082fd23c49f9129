//! The classified rows of a cheque, and the range of its lines.

use super::cells::{Line, Style};
use super::classes::{Class, class};
use super::columns::{Columns, Kind};
use super::edge::SumsEdge;
use super::entry::Entry;
use super::page::{Origin, Page};
use super::reductions::{offers, reductions};
use super::shape::{Form, last_sum, shape};

/// All interpreted rows.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) entries: Vec<Entry>,
    /// The rows that contain the lines of the cheque.
    pub(crate) region: std::ops::Range<usize>,
    pub(crate) page: Page,
}

/// Interprets all rows.
pub(crate) fn sheet(lines: Vec<Line>, style: Style) -> Sheet {
    let head = lines.iter().enumerate().find_map(|(at, line)| Columns::of(line).map(|columns| (at, columns)));
    let mut page = Page { style, columns: Columns::default(), sums: None };
    page.sums = SumsEdge::of(&lines, page.style, 0);
    let class_of = |line: &Line, page: &Page| {
        let amounts = last_sum(line, page).map(|(_, choices)| choices).unwrap_or_default();
        (class(&line.classified, amounts.first().map(|choice| choice.minor)), amounts)
    };
    // A header below the first total belongs to the tax table.
    let first_total = lines.iter().position(|line| {
        let (class, amounts) = class_of(line, &page);
        matches!(class, Class::Total(80..) | Class::Subtotal | Class::TaxTable) && !amounts.is_empty()
    });
    let head = head.filter(|(at, _)| first_total.is_none_or(|total| *at < total));
    let after_head = head.as_ref().map(|(at, _)| at + 1);
    if let Some((_, columns)) = head {
        page.columns = columns;
        page.sums = SumsEdge::of(&lines, page.style, after_head.unwrap_or(0)).or(page.sums);
    }
    let mut entries: Vec<Entry> = lines
        .into_iter()
        .map(|line| {
            let (class, amounts) = class_of(&line, &page);
            let shape = shape(&line, &page);
            let head = class == Class::Plain && shape.form == Form::Text && Columns::hints(&line);
            let class = if head { Class::Info } else { class };
            Entry { line, class, shape, amounts }
        })
        .collect();
    before_total(&mut entries, after_head.unwrap_or(0));
    offers(&mut entries);
    reductions(&mut entries);
    let region = region(&entries, after_head);
    Sheet { entries, region, page }
}

/// Payments come after the total, so a row with a name and a sum above it is a line, regardless of its words.
fn before_total(entries: &mut [Entry], after_head: usize) {
    let is_total =
        |entry: &Entry| matches!(entry.class, Class::Total(80..) | Class::Subtotal) && !entry.amounts.is_empty();
    let Some(total) = entries.iter().position(is_total) else { return };
    // A name above its figures may look like a word of the head: `Teh`, tea, like `тел.`
    for at in 1..total {
        let named =
            entries[at].class == Class::Plain && entries[at].shape.form == Form::Numbers && entries[at].shape.checked;
        if named && entries[at - 1].class == Class::Info && entries[at - 1].shape.form == Form::Text {
            entries[at - 1].class = Class::Plain;
        }
    }
    let first = entries[..total].iter().position(|entry| entry.class == Class::Plain && entry.shape.form == Form::Full);
    let start = first.unwrap_or(total).max(after_head).min(total);
    for entry in &mut entries[start..total] {
        let pays = matches!(entry.class, Class::Cash | Class::Card | Class::Change | Class::Tip | Class::Info);
        if pays && entry.shape.form == Form::Full {
            entry.class = Class::Plain;
        }
    }
}

/// The range of lines: below the table header, above the first total without further lines after it.
fn region(entries: &[Entry], after_head: Option<usize>) -> std::ops::Range<usize> {
    let is_line = |entry: &Entry| entry.class == Class::Plain && matches!(entry.shape.form, Form::Full | Form::Numbers);
    let start = after_head.unwrap_or_else(|| {
        let is_solid = |entry: &Entry| {
            is_line(entry) && entry.shape.totals.first().is_some_and(|choice| choice.origin == Origin::Read)
        };
        let is_total =
            |entry: &Entry| matches!(entry.class, Class::Total(80..) | Class::Subtotal) && !entry.amounts.is_empty();
        let total = entries.iter().position(is_total).unwrap_or(entries.len());
        let first =
            entries[..total].iter().position(is_solid).or_else(|| guessed_start(&entries[..total])).unwrap_or(total);
        // The name may be above the first numbers.
        let mut named = false;
        let above = entries[..first].iter().rev().take(3).take_while(|entry| {
            let plain = entry.class == Class::Plain || entry.shape.form == Form::Nothing;
            let fits = plain && !named && matches!(entry.shape.form, Form::Text | Form::Multiplier | Form::Nothing);
            named |= entry.shape.form == Form::Text;
            fits
        });
        let above: Vec<&Entry> = above.collect();
        let needed = entries.get(first).is_some_and(|entry| entry.shape.form == Form::Numbers)
            || above.first().is_some_and(|entry| entry.shape.form == Form::Multiplier);
        if needed {
            first - above.len()
        } else {
            // Names above the first readable sum whose own sums were not recognised.
            let smudged = |entry: &&Entry| entry.class == Class::Plain && entry.shape.smudged;
            first - entries[..first].iter().rev().take_while(smudged).count()
        }
    });
    let no_lines_above =
        entries.get(start).is_some_and(|entry| matches!(entry.class, Class::Total(80..) | Class::Subtotal));
    if no_lines_above && after_head.is_none() {
        return start..start;
    }
    let mut end = start;
    let mut group = 0_i64;
    let mut lines = 0;
    for (at, entry) in entries.iter().enumerate().skip(start) {
        let amount = entry.amounts.first().map(|choice| choice.minor);
        match entry.class {
            Class::GuestTotal | Class::Guest => group = 0,
            Class::QuantityTotal | Class::Cash | Class::Card | Class::Total(..80) if amount.is_none() => {}
            Class::Total(_) | Class::Subtotal | Class::QuantityTotal | Class::Cash | Class::Card | Class::TaxTable
                if lines > 0 =>
            {
                // A group total, with further lines below: the cheque continues.
                let group_total = matches!(entry.class, Class::Total(..=95) | Class::Subtotal);
                if !(group_total && goes_on(&entries[at + 1..], amount == Some(group))) {
                    return start..at;
                }
                group = 0;
            }
            Class::Plain if is_line(entry) => {
                lines += 1;
                group = group.saturating_add(entry.shape.totals.first().map_or(0, |choice| choice.minor));
                end = at + 1;
            }
            _ => {}
        }
    }
    // No total below: every row that looks like a line is one.
    let below =
        entries[end..].iter().take_while(|entry| entry.class == Class::Plain && entry.shape.form == Form::Text).count();
    start..(end + below.min(2))
}

/// If no sum was recognised with certainty: the last rows above the total with at least one sum.
fn guessed_start(entries: &[Entry]) -> Option<usize> {
    let is_line = |entry: &Entry| entry.class == Class::Plain && matches!(entry.shape.form, Form::Full | Form::Numbers);
    let last = entries.iter().rposition(is_line)?;
    let run = entries[..last].iter().rev().take_while(|entry| is_line(entry)).count();
    Some(last - run)
}

/// Whether lines follow before the next total; unless this total certainly belongs to a group, they must be confirmed
/// by quantity times price.
fn goes_on(entries: &[Entry], sure: bool) -> bool {
    let next = entries.iter().find(|entry| {
        !matches!(entry.class, Class::Guest | Class::Info) && !matches!(entry.shape.form, Form::Nothing | Form::Text)
    });
    next.is_some_and(|entry| {
        entry.class == Class::Plain
            && entry.shape.form == Form::Full
            && (entry.shape.checked || (sure && entry.shape.quantity.is_some()))
    })
}

impl Sheet {
    /// Whether there is a column for quantities.
    pub(crate) fn counts(&self) -> bool {
        self.page.columns.has(Kind::Quantity)
    }
}
