//! The rows of a cheque with what each is about, and where its lines begin and end.

use super::cells::{Line, Style};
use super::classes::{Class, class};
use super::columns::{Columns, Kind};
use super::edge::SumsEdge;
use super::shape::{Choice, Form, Origin, Page, Shape, last_sum, shape};

/// A row understood.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) line: Line,
    pub(crate) class: Class,
    pub(crate) shape: Shape,
    /// The last sum of the row, whatever it is about.
    pub(crate) amounts: Vec<Choice>,
}

/// All rows understood.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) entries: Vec<Entry>,
    /// The rows among which the lines of the cheque are.
    pub(crate) region: std::ops::Range<usize>,
    pub(crate) page: Page,
}

/// Understands all rows.
pub(crate) fn sheet(lines: Vec<Line>, style: Style) -> Sheet {
    let head = lines.iter().enumerate().find_map(|(at, line)| Columns::of(line).map(|columns| (at, columns)));
    let mut page = Page { style, columns: Columns::default(), sums: None };
    page.sums = SumsEdge::of(&lines, page.style, 0);
    let class_of = |line: &Line, page: &Page| {
        let amounts = last_sum(line, page).map(|(_, choices)| choices).unwrap_or_default();
        (class(line, amounts.first().map(|choice| choice.minor)), amounts)
    };
    // A head below the first total belongs to the table of taxes.
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
    for entry in &mut entries {
        if entry.class == Class::Plain && is_reduction(entry) {
            entry.class = Class::Discount;
        }
    }
    let region = region(&entries, after_head);
    Sheet { entries, region, page }
}

/// A negative sum takes something off, unless it gives a deposit back or counts returned goods.
fn is_reduction(entry: &Entry) -> bool {
    let negative = entry.shape.totals.first().is_some_and(|choice| choice.minor < 0);
    let look = entry.shape.name.to_lowercase();
    let deposit = ["leergut", "pfand", "storno", "минус", "возврат", "return", "refund", "void"]
        .iter()
        .any(|word| look.contains(word));
    let goods = entry.line.cells.iter().filter(|cell| cell.number().is_some()).count() >= 4 || entry.shape.checked;
    negative && !deposit && !goods
}

/// Nobody pays before the total is said: a name and a sum above it are a line, whatever their words look like.
fn before_total(entries: &mut [Entry], after_head: usize) {
    let is_total =
        |entry: &Entry| matches!(entry.class, Class::Total(80..) | Class::Subtotal) && !entry.amounts.is_empty();
    let Some(total) = entries.iter().position(is_total) else { return };
    let first = entries[..total].iter().position(|entry| entry.class == Class::Plain && entry.shape.form == Form::Full);
    let start = first.unwrap_or(total).max(after_head).min(total);
    for entry in &mut entries[start..total] {
        let pays = matches!(entry.class, Class::Cash | Class::Card | Class::Change | Class::Tip | Class::Info);
        if pays && entry.shape.form == Form::Full {
            entry.class = Class::Plain;
        }
    }
}

/// Where lines may be: below the head of the table, above the first total after which no more lines follow.
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
        // The name may stand above the first numbers.
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
            // Names above the first readable sum whose own sums could not be read.
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
                // A sum of the group above it, with further lines below: the cheque goes on.
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
    // No total below: everything that looks like a line is one.
    let below =
        entries[end..].iter().take_while(|entry| entry.class == Class::Plain && entry.shape.form == Form::Text).count();
    start..(end + below.min(2))
}

/// Without any sum read for sure: the last rows above the total that have at least one.
fn guessed_start(entries: &[Entry]) -> Option<usize> {
    let is_line = |entry: &Entry| entry.class == Class::Plain && matches!(entry.shape.form, Form::Full | Form::Numbers);
    let last = entries.iter().rposition(is_line)?;
    let run = entries[..last].iter().rev().take_while(|entry| is_line(entry)).count();
    Some(last - run)
}

/// Whether lines follow before the next total; unless the total was one of a group for sure, they must prove themselves.
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
    /// Whether quantities have a column of their own.
    pub(crate) fn counts(&self) -> bool {
        self.page.columns.has(Kind::Quantity)
    }
}
