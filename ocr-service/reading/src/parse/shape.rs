//! Interprets a row as a line of the cheque: its name, quantity, price and sum, as far as present.

use super::cells::{Cell, Line};
use super::columns::Kind;
use super::fold::has_word;
use super::fuse::multiplies;
use super::lexer::{What, is_tax};
use super::page::{Choice, Origin, Page};
use super::product::{self, Product};

/// The form of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A name and a sum.
    Full,
    /// A sum without a name.
    Numbers,
    /// Quantity and price for the row above or below.
    Multiplier,
    /// Words without a sum.
    Text,
    Nothing,
}

/// The interpretation of a row.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) form: Form,
    pub(crate) name: String,
    /// Left edge of the name.
    pub(crate) left: f32,
    /// In thousandths.
    pub(crate) quantity: Option<i64>,
    /// In hundredths.
    pub(crate) price: Option<i64>,
    /// Possible sums, the most likely first.
    pub(crate) totals: Vec<Choice>,
    /// The most likely sum equals quantity times price.
    pub(crate) checked: bool,
    /// There is something in the position of the sum, but it is not readable as one.
    pub(crate) smudged: bool,
}

/// The sum at the end of a row: its cell and its choices, the most likely first.
pub(crate) fn last_sum(line: &Line, page: &Page) -> Option<(usize, Vec<Choice>)> {
    if let Some(found) = in_column(line, page) {
        return Some(found);
    }
    let mut behind = 0;
    for (at, cell) in line.cells.iter().enumerate().rev() {
        if behind > 9 {
            return None;
        }
        let next = line.cells.get(at + 1).map(|cell| cell.what);
        let measured = matches!(next, Some(What::Unit | What::Percent | What::Times));
        if cell.number().is_some() && is_factor(line, at, page) {
            return None;
        }
        if cell.number().is_some() && !measured {
            let choices = choices(cell, line, page);
            if !choices.is_empty() {
                return Some((at, choices));
            }
        }
        behind += match cell.what {
            What::Currency => 0,
            What::Text if is_tax(&cell.text) => 1,
            // After a number, or a word that is not a tax letter, the cell before it is hardly the sum.
            What::Number(_) => 3 * cell.text.chars().count(),
            What::Text | What::Unit | What::Percent | What::Times | What::Mark => 2 * cell.text.chars().count(),
        };
    }
    None
}

/// A sum that ends at the edge of the sums, with unrelated text after a gap.
fn in_column(line: &Line, page: &Page) -> Option<(usize, Vec<Choice>)> {
    let edge = page.sums_right(line)?;
    let near = |cell: &Cell| (cell.right - edge).abs() < 1.5 * line.letter && cell.number().is_some();
    let at = line.cells.iter().rposition(near)?;
    let next = line.cells.get(at + 1)?;
    let apart = next.left - line.cells[at].right > 1.5 * line.letter;
    let foreign = line.cells[at + 1..].iter().all(|cell| cell.number().is_none());
    let choices = choices(&line.cells[at], line, page);
    (apart && foreign && !choices.is_empty() && !is_factor(line, at, page)).then_some((at, choices))
}

/// Whether the number is the price in `2 Stk x 0,99` without a sum after it.
fn is_factor(line: &Line, at: usize, page: &Page) -> bool {
    if page.sums_right(line).is_some_and(|edge| (edge - line.cells[at].right).abs() < 2.0 * line.letter) {
        return false;
    }
    let between = |cell: &Cell| {
        matches!(cell.what, What::Currency | What::Mark) || (cell.what == What::Text && cell.text.chars().count() <= 3)
    };
    let before = (0..at).rev().find(|before| !between(&line.cells[*before]));
    let Some(sign) = before.filter(|before| line.cells[*before].what == What::Times) else { return false };
    line.cells[..sign].iter().any(|cell| cell.number().is_some())
}

fn choices(cell: &Cell, line: &Line, page: &Page) -> Vec<Choice> {
    let under_sum = page.columns.over(cell.left, cell.right, line.letter) == Some(Kind::Sum);
    let aligned = page.sums_right(line).is_some_and(|edge| (edge - cell.right).abs() < 3.0 * line.letter);
    // The totals may be printed further right than the sums of the lines: quantity times price shows it.
    let far_left = page.sums_right(line).is_some_and(|edge| cell.right < edge - 8.0 * line.letter)
        && !under_sum
        && !multiplies(line);
    let before = line.cells.iter().rfind(|other| other.right <= cell.left);
    let apart = before.is_none_or(|before| cell.left - before.right > 2.0 * line.letter);
    let mut choices: Vec<Choice> = vec![];
    for reading in &cell.readings {
        let number = reading.number;
        let origin = if number.guessed > 0 { Origin::Guessed } else { Origin::Read };
        let found = match (number.decimals, page.style.decimals) {
            (2, true) if !far_left => Some((number.thousandths / 10, 1.0, origin)),
            (2, false) if under_sum || aligned => Some((number.thousandths / 10, 1.0, origin)),
            // The tax letter was recognised as a digit of the sum: `1,996` for `1,99 C`.
            (3, true) if under_sum || aligned => Some((number.thousandths / 10, 0.5, Origin::Guessed)),
            (0, false) if under_sum || aligned => number.money().map(|minor| (minor, 1.0, origin)),
            (0, true) if apart && (under_sum || aligned) => {
                number.pointless_money().map(|minor| (minor, 0.4, Origin::Guessed))
            }
            (3, _) if under_sum || aligned => number.thousands_money().map(|minor| (minor, 0.3, Origin::Guessed)),
            // The last digit was not recognised: `750,0)` for `750,00`.
            (1, true) if page.style.roubles && (under_sum || aligned) && number.thousandths % 1000 == 0 => {
                Some((number.thousandths / 10, 0.6, Origin::Guessed))
            }
            _ => None,
        };
        let Some((minor, factor, origin)) = found else { continue };
        // Prices in roubles are mostly multiples of ten.
        let round = if page.style.roubles && minor % 1000 != 0 { 0.85 } else { 1.0 };
        let weight = reading.weight * factor * round;
        if page.style.roubles && (1..=9).contains(&(minor % 100)) && number.decimals == 2 {
            add(&mut choices, minor - minor % 100, weight * 1.1, Origin::Guessed);
            add(&mut choices, minor, weight * 0.5, origin);
        } else {
            add(&mut choices, minor, weight, origin);
        }
    }
    choices.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    choices.truncate(6);
    choices
}

fn add(choices: &mut Vec<Choice>, minor: i64, weight: f32, origin: Origin) {
    match choices.iter_mut().find(|known| known.minor == minor) {
        Some(known) => {
            known.weight += weight;
            if origin == Origin::Read {
                known.origin = origin;
            }
        }
        None => choices.push(Choice { minor, weight, origin }),
    }
}

/// Interprets a row.
pub(crate) fn shape(line: &Line, page: &Page) -> Shape {
    let sum = last_sum(line, page).filter(|(at, _)| !is_price_only(line, *at, page));
    let end = sum.as_ref().map_or(line.cells.len(), |(at, _)| *at);
    let mut totals = sum.map(|(_, choices)| choices).unwrap_or_default();
    let product = product::find(line, end, &totals, page);
    let checked = product.as_ref().is_some_and(|product| product.total.is_some());
    if let Some(total) = product.as_ref().and_then(|product| product.total) {
        prefer(&mut totals, total);
    }
    let (name, left) = name(line, end, product.as_ref());
    // A name of two letters must be alone; next to other symbols it is noise.
    let short = name.chars().filter(|c| c.is_alphabetic()).count() >= 2 && name.chars().count() <= 5;
    let named = name.split(' ').any(|word| has_word(word) && !is_article(word)) || (short && !totals.is_empty());
    if totals.is_empty()
        && named
        && let Some(product) = &product
        && product.quantity.is_some_and(|quantity| quantity % 1000 == 0)
        && product.cells.iter().any(|at| page.over(line, *at) == Some(Kind::Price))
        && let Some(minor) = product.computed()
    {
        totals.push(Choice { minor, weight: 0.3, origin: Origin::Computed });
    }
    let multiplies = product.as_ref().is_some_and(|product| product.price.is_some() && product.quantity.is_some());
    let form = match (totals.is_empty(), named) {
        (false, true) => Form::Full,
        (false, false) => Form::Numbers,
        (true, _) if multiplies => Form::Multiplier,
        (true, true) => Form::Text,
        (true, false) => Form::Nothing,
    };
    let (quantity, price) = product.map_or((None, None), |product| (product.quantity, product.price));
    let smudged = form == Form::Text && is_smudged(line, page);
    Shape { form, name, left, quantity, price, totals, checked, smudged }
}

/// Whether the last cell extends into the column of sums, separated from the words before it.
fn is_smudged(line: &Line, page: &Page) -> bool {
    let Some(edge) = page.sums_right(line) else { return false };
    let reaches = line.cells.iter().rposition(|cell| cell.right < edge - 4.0 * line.letter);
    let Some(last) = reaches.filter(|last| last + 1 < line.cells.len()) else { return false };
    let column = &line.cells[last + 1..];
    let letters = column.iter().map(|cell| cell.text.chars().count()).sum::<usize>();
    let digits = column.iter().any(|cell| cell.text.chars().any(|c| c.is_ascii_digit()));
    column[0].left - line.cells[last].right > 2.5 * line.letter
        && column[0].left > edge - 9.0 * line.letter
        && letters >= 2
        && (digits || (page.style.decimals && line.confidence > 0.6))
}

/// Whether the last number is in the price column and there is a sum column to its right.
fn is_price_only(line: &Line, at: usize, page: &Page) -> bool {
    let cell = &line.cells[at];
    page.columns.has(Kind::Sum)
        && page.columns.over(cell.left, cell.right, line.letter) == Some(Kind::Price)
        && page.sums_right(line).is_some_and(|edge| cell.right < edge - 4.0 * line.letter)
}

fn prefer(totals: &mut [Choice], minor: i64) {
    if let Some(at) = totals.iter().position(|choice| choice.minor == minor) {
        let best = totals[0].weight;
        totals[at].weight = totals[at].weight.max(best) + 0.5;
        totals.swap(0, at);
    }
}

/// The words before the numbers, or between the numbers if there are none before; with their left edge.
fn name(line: &Line, end: usize, product: Option<&Product>) -> (String, f32) {
    let taken = |at: usize| product.is_some_and(|product| product.cells.contains(&at));
    let used = |at: usize| taken(at) || (at > 0 && line.cells[at].what == What::Unit && taken(at - 1));
    let text = |cells: Vec<&Cell>| {
        let mut text = String::new();
        let mut right = f32::MAX;
        for cell in cells {
            text.push_str(if cell.left - right > 0.3 * line.letter { " " } else { "" });
            text.push_str(cell.text.trim());
            right = cell.right;
        }
        text
    };
    let is_word = |at: usize| line.cells[at].text.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !used(at);
    let start =
        (0..end).find(|at| !used(*at) && line.cells[*at].what != What::Mark && line.cells[*at].what != What::Times);
    let Some(start) = start else {
        return (String::new(), line.place.left);
    };
    let stop = (start..end).find(|at| used(*at) && (start..*at).any(is_word)).unwrap_or(end);
    let mut chosen: Vec<&Cell> = (start..stop).filter(|at| !used(*at)).map(|at| &line.cells[at]).collect();
    // A code or a line number is not part of the name.
    let listed = |cell: &Cell| {
        let small =
            cell.number().is_some_and(|number| number.decimals == 0 && number.guessed == 0 && number.thousandths > 0);
        product.is_some() && small && cell.text.len() <= 3 && cell.text.chars().all(|c| c.is_ascii_digit() || c == ')')
    };
    if chosen.len() > 1 && (is_code(&chosen[0].text) || listed(chosen[0])) && has_word(&text(chosen[1..].to_vec())) {
        chosen.remove(0);
    }
    let left = chosen.first().map_or(line.place.left, |cell| cell.left);
    let is_tail = |cell: &&Cell| {
        let taxes = cell.text.starts_with('*') && cell.text.chars().count() <= 3;
        taxes || matches!(cell.what, What::Currency | What::Mark | What::Times)
    };
    while chosen.last().is_some_and(is_tail) {
        chosen.pop();
    }
    (tidy(&text(chosen)), left)
}

/// Digits and possibly symbols: an article number, or a line number such as `2)`.
pub(crate) fn is_code(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    digits > 0 && letters == 0 && (digits >= 3 || text.ends_with([')', '.']))
}

/// Capitals and digits in one word, such as `GTGO2`: an article number.
fn is_article(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let capitals = word.chars().filter(|c| c.is_uppercase()).count();
    let other = word.chars().count() - digits - capitals;
    digits >= 1 && capitals >= 2 && other == 0 && word.chars().count() >= 5
}

/// Removes lines, dots and quotes that noise leaves at both ends.
pub(crate) fn tidy(text: &str) -> String {
    let noise = |c: char| !(c.is_alphanumeric() || matches!(c, ')' | '%' | '"' | '»' | '('));
    let begun = text.trim_start_matches(noise).trim_start_matches([')', '%']).trim_start();
    let ended = begun.trim_end_matches(noise);
    // A word that continues in the next row keeps its hyphen.
    let hyphen = begun[ended.len()..].starts_with('-') && ended.ends_with(char::is_alphabetic);
    if hyphen { format!("{ended}-") } else { ended.to_owned() }
}
