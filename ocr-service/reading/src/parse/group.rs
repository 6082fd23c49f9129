//! Groups rows into lines of the cheque: names may be above or below their numbers, quantities in a separate row.

use super::classes::Class;
use super::entry::Entry;
use super::fold::has_word;
use super::page::{Choice, Origin};
use super::product::makes;
use super::shape::{Form, tidy};
use super::sheet::Sheet;

/// A line of the cheque whose sum is not decided yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) modifiers: Vec<String>,
    /// In thousandths.
    pub(crate) quantity: Option<i64>,
    /// In hundredths.
    pub(crate) price: Option<i64>,
    /// Possible sums, the most likely first; empty if none was recognised.
    pub(crate) totals: Vec<Choice>,
    /// The most likely sum equals quantity times price.
    pub(crate) checked: bool,
    /// Its rows, the one with the sum first.
    pub(crate) rows: Vec<usize>,
    /// It has a quantity but no sum: it was free, or the sum was not recognised.
    pub(crate) free: bool,
}

/// Position of the names relative to the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Beside,
    Above,
    Below,
}

/// Rows with a larger distance to their item, in letter heights, do not belong to it.
const APART: f32 = 2.6;
/// Number of lines that are read.
pub(crate) const ITEMS_MAX: usize = 200;

/// The lines of the cheque, all of them.
pub(crate) fn items(sheet: &Sheet) -> Vec<Item> {
    let mut grouping = Grouping { sheet, names: names(sheet), items: vec![], texts: vec![], multiplier: None };
    for at in sheet.region.clone() {
        grouping.take(at);
    }
    grouping.flush();
    grouping.items
}

fn names(sheet: &Sheet) -> Names {
    let forms: Vec<Form> = sheet
        .region
        .clone()
        .map(|at| &sheet.entries[at])
        .filter(|entry| entry.class == Class::Plain)
        .map(|entry| entry.shape.form)
        .filter(|form| matches!(form, Form::Full | Form::Numbers | Form::Text))
        .collect();
    let pairs =
        |first: Form, second: Form| forms.windows(2).filter(|pair| pair[0] == first && pair[1] == second).count();
    let numbers = forms.iter().filter(|form| **form == Form::Numbers).count();
    let full = forms.iter().filter(|form| **form == Form::Full).count();
    if numbers * 2 <= full || numbers == 0 {
        return Names::Beside;
    }
    let (above, below) = (pairs(Form::Text, Form::Numbers), pairs(Form::Numbers, Form::Text));
    let starts_with_numbers = forms.first() == Some(&Form::Numbers);
    if above.max(below) * 2 <= numbers {
        return Names::Beside;
    }
    if below > above || (below == above && starts_with_numbers) { Names::Below } else { Names::Above }
}

struct Grouping<'a> {
    sheet: &'a Sheet,
    names: Names,
    items: Vec<Item>,
    /// Text rows that do not belong to a line yet.
    texts: Vec<usize>,
    /// A row of quantity and price that does not belong to a line yet.
    multiplier: Option<usize>,
}

impl Grouping<'_> {
    fn entry(&self, at: usize) -> &Entry {
        &self.sheet.entries[at]
    }

    fn take(&mut self, at: usize) {
        let (class, form) = (self.entry(at).class, self.entry(at).shape.form);
        if class != Class::Plain {
            self.flush();
            return;
        }
        match form {
            Form::Full => self.full(at),
            Form::Numbers => self.numbers(at),
            Form::Multiplier => self.multiply(at),
            Form::Text if self.entry(at).shape.smudged && self.names == Names::Beside => self.unread(at),
            Form::Text => self.texts.push(at),
            Form::Nothing => {}
        }
    }

    fn full(&mut self, at: usize) {
        if self.names != Names::Above {
            self.flush();
        }
        let mut item = self.start(at);
        item.name.clone_from(&self.entry(at).shape.name);
        self.texts.clear();
        self.multiplied(&mut item);
        self.items.push(item);
    }

    /// A name whose sum is printed but was not recognised.
    fn unread(&mut self, at: usize) {
        self.flush();
        let mut item = self.start(at);
        item.name.clone_from(&self.entry(at).shape.name);
        self.multiplied(&mut item);
        self.items.push(item);
    }

    fn numbers(&mut self, at: usize) {
        if self.names == Names::Below {
            self.flush();
        }
        let mut item = self.start(at);
        let own = &self.entry(at).shape.name;
        if self.names == Names::Beside && own.chars().any(char::is_alphabetic) {
            // An article number instead of a name.
            item.name.clone_from(own);
            self.flush();
        }
        let above = std::mem::take(&mut self.texts);
        let names: Vec<usize> = above.into_iter().filter(|text| self.gap(*text, at) < 2.0 * APART).collect();
        for text in &names {
            append(&mut item.name, &self.entry(*text).shape.name);
        }
        item.rows.extend(names);
        if item.name.is_empty() && self.names == Names::Above {
            item.name.clone_from(&self.entry(at).shape.name);
        }
        let nameless = item.name.is_empty() && self.names != Names::Below;
        // Numbers without any name only count as a line if quantity times price confirms them.
        if nameless && !item.checked {
            return;
        }
        self.multiplied(&mut item);
        self.items.push(item);
    }

    fn start(&self, at: usize) -> Item {
        let shape = &self.entry(at).shape;
        Item {
            quantity: shape.quantity,
            price: shape.price,
            totals: shape.totals.clone(),
            checked: shape.checked,
            rows: vec![at],
            ..Item::default()
        }
    }

    /// Takes quantity and price from the row above if their product is the line's sum.
    fn multiplied(&mut self, item: &mut Item) {
        let Some(at) = self.multiplier.take() else { return };
        let shape = self.sheet.entries[at].shape.clone();
        if let (Some(quantity), Some(price)) = (shape.quantity, shape.price) {
            give(item, quantity, price, at);
        }
    }

    /// A row of quantity and price: belongs to the line above if it results in its sum, else to the next line.
    fn multiply(&mut self, at: usize) {
        let shape = self.entry(at).shape.clone();
        let (Some(quantity), Some(price)) = (shape.quantity, shape.price) else { return };
        if self.texts.is_empty()
            && let Some(last) = self.items.last_mut()
            && !last.checked
            && give(last, quantity, price, at)
        {
            return;
        }
        if self.names == Names::Above && !self.texts.is_empty() {
            // Name above, sum not recognised: use the product until the total confirms it.
            let mut item = self.start(at);
            for text in std::mem::take(&mut self.texts) {
                append(&mut item.name, &self.entry(text).shape.name);
                item.rows.push(text);
            }
            if let Some(minor) = super::product::times(quantity, price) {
                item.totals.push(Choice { minor, weight: 0.3, origin: Origin::Computed });
            }
            self.items.push(item);
            return;
        }
        self.multiplier = Some(at);
    }

    /// Distance between the centres of two rows, in letter heights.
    fn gap(&self, a: usize, b: usize) -> f32 {
        let (a, b) = (&self.entry(a).line, &self.entry(b).line);
        (b.place.middle().1 - a.place.middle().1).abs() / a.height.max(1.0)
    }

    /// Assigns the collected text rows to the line above: as the rest of its name, or as modifiers.
    fn flush(&mut self) {
        let texts = std::mem::take(&mut self.texts);
        let mut last = self.items.pop();
        let mut previous = last.as_ref().map(|item| item.rows[0]);
        let mut continues = true;
        for text in texts {
            let near = previous.is_none_or(|previous| self.gap(previous, text) < APART);
            let entry = &self.sheet.entries[text];
            if !near || !has_word(&entry.shape.name) {
                continues = false;
                continue;
            }
            if self.is_free(entry, last.as_ref()) {
                let (name, quantity) = (entry.shape.name.clone(), entry.shape.quantity);
                let free = Item { name, quantity, rows: vec![text], free: true, ..Item::default() };
                self.items.extend(last.replace(free));
                continues = true;
            } else if let Some(item) = &mut last {
                continues = self.extend(item, text, continues);
            } else {
                continue;
            }
            previous = Some(text);
        }
        self.items.extend(last);
    }

    /// Whether a text row with a quantity is a free line.
    fn is_free(&self, entry: &Entry, last: Option<&Item>) -> bool {
        let waits = self.names == Names::Below && last.is_some_and(|last| last.name.is_empty());
        entry.shape.quantity.is_some() && self.sheet.counts() && !waits
    }

    /// Adds a text row to the line above. Returns whether the next row may continue the name.
    fn extend(&self, item: &mut Item, text: usize, continues: bool) -> bool {
        let entry = &self.sheet.entries[text];
        let first = &self.sheet.entries[item.rows[0]];
        let name = &entry.shape.name;
        let indented = entry.shape.left - first.shape.left > 1.4 * first.line.letter;
        let dashed = entry.line.text.starts_with(['-', '+', '*']);
        if self.names == Names::Below && item.name.is_empty() {
            append(&mut item.name, name);
        } else if indented || dashed || entry.shape.quantity.is_some() {
            item.modifiers.push(tidy(name));
            item.rows.push(text);
            return false;
        } else if continues && item.rows.len() < 5 {
            append(&mut item.name, name);
        } else {
            return false;
        }
        item.rows.push(text);
        true
    }
}

fn append(name: &mut String, rest: &str) {
    if !name.is_empty() && !rest.is_empty() && !name.ends_with('-') {
        name.push(' ');
    }
    name.push_str(rest);
}

/// Sets quantity and price of the line if their product is one of its sums.
fn give(item: &mut Item, quantity: i64, price: i64, row: usize) -> bool {
    if item.totals.is_empty() && item.quantity.is_none() {
        // The sum was not recognised: use the product of the row below until the total confirms it.
        let computed = super::product::times(quantity, price);
        item.totals.extend(computed.map(|minor| Choice { minor, weight: 0.3, origin: Origin::Computed }));
    }
    let Some(at) = item.totals.iter().position(|choice| makes(quantity, price, choice.minor)) else {
        return false;
    };
    item.totals.swap(0, at);
    item.quantity = Some(quantity);
    item.price = Some(price);
    item.checked = true;
    item.rows.push(row);
    true
}
