//! Quantity times price in its many spellings.

use super::amount::Number;
use super::cells::{Cell, Line};
use super::columns::Kind;
use super::lexer::What;
use super::page::{Choice, Origin, Page};

/// More of the same is rather a misread price.
const QUOTIENT_MAX: i64 = 50;

/// Quantity and price of a row, as far as present.
#[derive(Clone, Debug, Default)]
pub(crate) struct Product {
    /// In thousandths.
    pub(crate) quantity: Option<i64>,
    /// In hundredths.
    pub(crate) price: Option<i64>,
    /// The sum among the choices that equals their product.
    pub(crate) total: Option<i64>,
    /// Cells that belong to it.
    pub(crate) cells: Vec<usize>,
}

impl Product {
    /// Quantity times price, in hundredths, if both were recognised.
    pub(crate) fn computed(&self) -> Option<i64> {
        times(self.quantity?, self.price?)
    }
}

/// A quantity in thousandths times a price in hundredths, rounded to a hundredth.
pub(crate) fn times(quantity: i64, price: i64) -> Option<i64> {
    let exact = i128::from(quantity) * i128::from(price);
    i64::try_from((exact + 500).div_euclid(1000)).ok()
}

/// Whether they result in the sum; with a weighed quantity, one hundredth of tolerance.
pub(crate) fn makes(quantity: i64, price: i64, total: i64) -> bool {
    let slack = i64::from(quantity % 1000 != 0);
    times(quantity, price).is_some_and(|product| product.abs_diff(total.abs()) <= slack.unsigned_abs())
}

/// Finds quantity and price in the cells before `end`, the position of the sum.
pub(crate) fn find(line: &Line, end: usize, totals: &[Choice], page: &Page) -> Option<Product> {
    let explicit = explicit(line, end, totals, page).map(|found| with_price(found, line, end, totals, page));
    if explicit.as_ref().is_some_and(|product| product.total.is_some()) {
        return explicit;
    }
    // The times sign may be a misread digit: numbers whose product is the sum are better evidence.
    let fitting = fitting(line, end, totals, page);
    fitting.or(explicit).or_else(|| lone(line, end, page)).or_else(|| leading(line, end))
}

/// The nearest number beside a times sign; units and currencies may be in between.
fn beside(cells: &[Cell], order: impl Iterator<Item = usize>) -> Option<usize> {
    for at in order.take(3) {
        match cells[at].what {
            What::Number(_) => return Some(at),
            What::Unit | What::Currency => {}
            // A misread currency.
            What::Text if cells[at].text.chars().count() <= 3 => {}
            What::Text | What::Times | What::Percent | What::Mark => return None,
        }
    }
    None
}

/// Forms with a times sign: `2 x 0,99`, `450,00 * 2,000 пор`, `3x0,5л`, `x2`, `@ 28.00`.
fn explicit(line: &Line, end: usize, totals: &[Choice], page: &Page) -> Option<Product> {
    let cells = &line.cells;
    let signs = (0..end).filter(|at| cells[*at].what == What::Times);
    let mut found: Option<Product> = None;
    for sign in signs {
        let before = beside(cells, (0..sign).rev());
        let after = beside(cells, sign + 1..end.max(sign + 1).min(cells.len()));
        let product = match (before, after) {
            (Some(a), Some(b)) => both(line, a, b, totals, page),
            (Some(a), None) => one(cells, a, sign),
            (None, Some(b)) => one(cells, b, sign),
            (None, None) => continue,
        };
        let better = found.as_ref().is_none_or(|known| known.price.is_none() && product.quantity.is_some());
        if better {
            found = Some(product);
        }
    }
    found
}

fn both(line: &Line, a: usize, b: usize, totals: &[Choice], page: &Page) -> Product {
    let cells = &line.cells;
    let used: Vec<usize> = (a..=b).chain((b + 1..cells.len()).take_while(|at| cells[*at].what == What::Unit)).collect();
    let unit_behind = cells.get(b + 1).is_some_and(|cell| cell.what == What::Unit);
    let (first, second) = (cells[a].readings[0].number, cells[b].readings[0].number);
    // `3x0,5л`: three servings of half a litre each; the serving size is not a price.
    let counted = [a, b].iter().all(|at| page.over(line, *at) == Some(Kind::Quantity));
    if (unit_behind || counted) && first.decimals == 0 && second.decimals <= 1 {
        return Product { quantity: Some(first.thousandths), cells: used, ..Product::default() };
    }
    let mut best: Option<(f32, Product)> = None;
    for one in &cells[a].readings {
        for two in &cells[b].readings {
            let (quantity, price) = sides(one.number, two.number);
            let printed = price.decimals == 2 || (price.decimals == 0 && !page.style.decimals);
            let Some(price) = price_of(price).filter(|_| printed) else { continue };
            if quantity.thousandths <= 0 {
                continue;
            }
            let total = totals.iter().find(|choice| makes(quantity.thousandths, price, choice.minor));
            let weight = one.weight + two.weight + total.map_or(0.0, |choice| 3.0 + choice.weight);
            if best.as_ref().is_none_or(|(known, _)| *known < weight) {
                let total = total.map(|choice| choice.minor);
                let product =
                    Product { quantity: Some(quantity.thousandths), price: Some(price), total, cells: used.clone() };
                best = Some((weight, product));
            }
        }
    }
    best.map_or(Product { cells: used, ..Product::default() }, |(_, product)| product)
}

/// Decides which of the two is the quantity: prices have two decimals, quantities have none or three.
fn sides(a: Number, b: Number) -> (Number, Number) {
    let whole = |number: Number| number.thousandths % 1000 == 0;
    match (a.decimals, b.decimals) {
        (2, 0 | 1 | 3) => (b, a),
        (0 | 1 | 3, 2) => (a, b),
        _ if whole(b) && !whole(a) => (b, a),
        (0, 0) if b.thousandths < a.thousandths => (b, a),
        _ => (a, b),
    }
}

fn price_of(number: Number) -> Option<i64> {
    let minor = number.money().or_else(|| (number.decimals == 1).then_some(number.thousandths / 10))?;
    (minor >= 0).then_some(minor)
}

fn one(cells: &[Cell], at: usize, sign: usize) -> Product {
    let number = cells[at].readings[0].number;
    let used = (at.min(sign)..=at.max(sign)).collect();
    if number.decimals == 2 && at > sign {
        return Product { price: price_of(number), cells: used, ..Product::default() };
    }
    let plausible = number.decimals != 1 && (1..=999_000).contains(&number.thousandths);
    Product { quantity: plausible.then_some(number.thousandths), cells: used, ..Product::default() }
}

/// Searches the other numbers for the price of a known quantity, or for the quantity of a known price.
fn with_price(mut found: Product, line: &Line, end: usize, totals: &[Choice], page: &Page) -> Product {
    let others: Vec<usize> =
        (0..end).filter(|at| !found.cells.contains(at) && line.cells[*at].number().is_some()).collect();
    if let (Some(quantity), None) = (found.quantity, found.price) {
        for at in others.iter().rev() {
            for reading in &line.cells[*at].readings {
                let Some(price) = price_of(reading.number).filter(|price| *price > 0) else { continue };
                if let Some(choice) = totals.iter().find(|choice| makes(quantity, price, choice.minor)) {
                    found.price = Some(price);
                    found.total = Some(choice.minor);
                    found.cells.push(*at);
                    return found;
                }
            }
        }
        let under = |at: &&usize| page.over(line, **at) == Some(Kind::Price);
        if let Some(at) = others.iter().find(under) {
            found.price = line.cells[*at].number().and_then(price_of);
            found.cells.push(*at);
        }
    } else if let (None, Some(price)) = (found.quantity, found.price) {
        for at in others {
            let quantity = line.cells[at].number().map_or(0, |number| number.thousandths);
            if let Some(choice) = totals.iter().find(|choice| quantity > 0 && makes(quantity, price, choice.minor)) {
                found.quantity = Some(quantity);
                found.total = Some(choice.minor);
                found.cells.push(at);
                break;
            }
        }
    }
    if let (None, Some(price)) = (found.quantity, found.price) {
        found.quantity = quotient(price, totals);
    }
    if found.quantity.is_none()
        && let Some(counted) = leading(line, end)
    {
        found.quantity = counted.quantity;
        found.cells.extend(counted.cells);
    }
    found
}

/// The quantity that was not recognised before a times sign and a price: how often the price is in the sum.
fn quotient(price: i64, totals: &[Choice]) -> Option<i64> {
    let total = totals.first().filter(|choice| choice.origin == Origin::Read)?.minor;
    let count = total.checked_div(price).filter(|count| (1..=QUOTIENT_MAX).contains(count))?;
    (count * price == total).then_some(count * 1000)
}

/// Two numbers whose product is the sum, without a times sign; those closest to the sum are preferred.
fn fitting(line: &Line, end: usize, totals: &[Choice], page: &Page) -> Option<Product> {
    let numbers: Vec<usize> = (0..end).filter(|at| line.cells[*at].number().is_some()).collect();
    for choice in totals.iter().filter(|choice| choice.minor != 0) {
        for (rank, b) in numbers.iter().enumerate().rev() {
            for a in numbers[..rank].iter().rev() {
                let pair = pair(line, *a, *b, choice.minor, page);
                if pair.is_some() {
                    return pair;
                }
            }
        }
    }
    None
}

fn pair(line: &Line, a: usize, b: usize, total: i64, page: &Page) -> Option<Product> {
    for one in &line.cells[a].readings {
        for two in &line.cells[b].readings {
            let quantity_second = page.over(line, b) == Some(Kind::Quantity) || page.over(line, a) == Some(Kind::Price);
            let orders = [(one.number, two.number), (two.number, one.number)];
            let orders = if quantity_second { [orders[1], orders[0]] } else { orders };
            for (quantity, price) in orders {
                let fine = price.decimals == 2 || (!page.style.decimals && price.decimals == 0);
                let Some(price) = price_of(price).filter(|price| fine && *price > 0) else { continue };
                let plausible = (1..=9_999_000).contains(&quantity.thousandths);
                if plausible && makes(quantity.thousandths, price, total) {
                    let units = (b + 1..line.cells.len()).take_while(|at| line.cells[*at].what == What::Unit);
                    let cells = [a, b].into_iter().chain(units).collect();
                    return Some(Product {
                        quantity: Some(quantity.thousandths),
                        price: Some(price),
                        total: Some(total),
                        cells,
                    });
                }
            }
        }
    }
    None
}

/// A quantity alone: below its column header, or with a unit, or isolated between name and sum.
fn lone(line: &Line, end: usize, page: &Page) -> Option<Product> {
    let cells = &line.cells;
    let last_word = (0..end).rev().find(|at| cells[*at].what == What::Text && cells[*at].text.chars().count() > 1);
    let after_words = last_word.map_or(0, |at| at + 1);
    for at in (after_words..end).rev() {
        let Some(number) = cells[at].number() else { continue };
        if number.thousandths <= 0 || number.thousandths > 9_999_000 {
            continue;
        }
        let kind = page.over(line, at);
        if kind == Some(Kind::Price) && page.columns.has(Kind::Quantity) {
            continue;
        }
        let unit = cells.get(at + 1).is_some_and(|cell| cell.what == What::Unit);
        let room = at == 0 || cells[at].left - cells[at - 1].right > 2.0 * line.letter;
        let bare = room && !unit && matches!(number.decimals, 0 | 3) && end < cells.len() && last_word.is_some();
        let round = room
            && number.decimals == 2
            && number.thousandths % 500 == 0
            && number.thousandths < 100_000
            && page.columns.has(Kind::Quantity);
        if kind == Some(Kind::Quantity)
            || (kind.is_none() && (bare || round))
            || (unit && room && portion(&cells[at + 1].text))
        {
            let units = (at + 1..cells.len()).take_while(|next| cells[*next].what == What::Unit);
            let used = std::iter::once(at).chain(units).collect();
            let price = (after_words..end).find(|other| *other != at && page.over(line, *other) == Some(Kind::Price));
            let mut product = Product { quantity: Some(number.thousandths), cells: used, ..Product::default() };
            if let Some(other) = price {
                product.price = cells[other].number().and_then(price_of);
                product.cells.push(other);
            }
            return Some(product);
        }
    }
    None
}

/// Units that count servings; litres and grams belong to the name.
fn portion(unit: &str) -> bool {
    let normalized = super::fold::normalize(unit);
    ["порц", "порция", "пор", "шт", "pcs", "pc", "stk"].iter().any(|known| {
        let known = super::fold::normalize(known);
        known == normalized || (known.len() > 4 && strsim::levenshtein(&known, &normalized) <= 1)
    })
}

/// A small whole number before the name: `2 GREEN TEA 2.00`.
fn leading(line: &Line, end: usize) -> Option<Product> {
    let (first, rest) = line.cells[..end].split_first()?;
    let number = first.number()?;
    let counts = number.decimals == 0 && (1000..=99_000).contains(&number.thousandths) && number.guessed == 0;
    let listed = first.text.ends_with([')', '.']);
    let apart = |next: &Cell| next.left - first.right > 0.4 * line.letter;
    let named = rest.first().is_some_and(|next| matches!(next.what, What::Text | What::Mark) && apart(next));
    (counts && named && !listed).then(|| Product {
        quantity: Some(number.thousandths),
        cells: vec![0],
        ..Product::default()
    })
}
