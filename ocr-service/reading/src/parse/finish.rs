//! Converts a draft to the resulting cheque.

use super::alphabet::one_alphabet;
use super::classes::ClassifiedWords;
use super::draft::Draft;
use super::entry::Entry;
use super::fold::normalize;
use super::group::Item;
use super::lexer::What;
use super::page::Origin;
use super::parsed::Parsed;
use super::product::{makes, times};
use super::totals::{hundredths, totals};
use crate::layout::measure::around;
use crate::word::Place;
use contracts::cheque::{Cheque, ChequeStatus, ChequeWarning, LineWarning, Product};
use contracts::money::BillMoney;
use contracts::quantity::Quantity;

const LINES_MAX: usize = 200;
const NAME_LETTERS_MAX: usize = 200;
/// A reading with a lower confidence is reported as uncertain.
const SURE: f32 = 0.6;

/// Converts the draft; the others only propose totals.
pub(crate) fn finish(draft: &Draft, others: &[&Draft], agreed: bool) -> Parsed {
    let mut products = vec![];
    let mut places = vec![];
    for (at, item) in draft.items.iter().enumerate().take(LINES_MAX) {
        let id = u32::try_from(at + 1).unwrap_or(u32::MAX);
        products.push(product(draft, item, at, id));
        places.push(place(draft, item));
    }
    let style = draft.sheet.page.style;
    let money = |minor: i64| (minor != 0).then(|| style.money(minor));
    let mut cheque = Cheque {
        merchant: None,
        purchased_on: None,
        total_account: draft.total.as_ref().map(|total| style.money(total.minor)),
        totals: vec![],
        products,
        currency: currency(draft).map(str::to_owned),
        service: money(draft.parts.service),
        discount: money(draft.parts.discount),
        tax: money(draft.parts.tax),
        tip: money(draft.parts.tip),
        rounding: money(draft.parts.rounding),
        status: ChequeStatus::Failed,
        difference: None,
        confidence: 0.0,
        warnings: vec![],
        photo: None,
        photos: vec![],
    };
    let (totals, mut total_places) = totals(std::iter::once(draft).chain(others.iter().copied()));
    cheque.total_account = cheque.total_account.or(totals.first().map(|total| total.amount));
    cheque.recompute_status();
    if draft.cut {
        cheque.warnings.push(ChequeWarning::TooManyLines);
    }
    // Amounts that are not exact are for review, and a bill on which nothing is left to pay.
    let payable = cheque.fits_currency() && cheque.total_account > Some(BillMoney::ZERO);
    let proven = draft.proven && agreed && payable && !draft.cut && !style.doubtful;
    if cheque.status == ChequeStatus::Balanced && !proven {
        // It adds up, but with too little evidence: the owner should check it.
        cheque.status = ChequeStatus::NeedsReview;
    }
    if cheque.status == ChequeStatus::Balanced {
        total_places.clear();
    } else {
        cheque.totals = totals;
    }
    cheque.confidence = confidence(&cheque);
    let repaired = draft.balance.as_ref().is_some_and(|balance| !balance.repaired.is_empty());
    let sure = cheque.status == ChequeStatus::Balanced && !repaired;
    Parsed { cheque, places, total_places, sure }
}

fn product(draft: &Draft, item: &Item, at: usize, id: u32) -> Product {
    let balance = draft.balance.as_ref();
    let first = item.totals.first();
    let total = balance.map(|balance| balance.sums[at]).or_else(|| first.map(|choice| choice.minor));
    let (quantity, price, printed) = quantity_and_price(item, total);
    let all: f32 = item.totals.iter().map(|choice| choice.weight).sum();
    let chosen = item.totals.iter().find(|choice| Some(choice.minor) == total);
    let share = chosen.map_or(0.0, |choice| choice.weight / all.max(0.01));
    let row = &draft.sheet.entries[item.rows[0]].line;
    let checked = printed
        && total.is_some_and(|total| {
            quantity.is_some_and(|quantity| price.is_some_and(|price| makes(quantity, price, total)))
        });
    let mut warnings = vec![];
    if let (Some(quantity), Some(price), Some(total)) = (item.quantity, item.price, total)
        && !makes(quantity, price, total)
    {
        warnings.push(LineWarning::DoesNotAddUp);
    }
    if item.quantity.is_none() && item.rows.iter().any(|row| counts(&draft.sheet.entries[*row])) {
        warnings.push(LineWarning::UncertainQuantity);
    }
    let repaired = balance.is_some_and(|balance| balance.repaired.contains(&at));
    if repaired {
        warnings.push(LineWarning::Repaired);
    }
    if row.confidence < SURE || item.name.is_empty() {
        warnings.push(LineWarning::UncertainName);
    }
    let read = chosen.is_some_and(|choice| choice.origin == Origin::Read);
    let doubtful =
        total.is_some() && !item.free && (!read || (share < SURE && !checked) || !draft.proven && balance.is_some());
    if doubtful && !repaired {
        warnings.push(LineWarning::UncertainAmount);
    }
    if total.is_none() {
        warnings.push(LineWarning::NoAmount);
    }
    let mut sure = row.confidence.min(0.4 + 0.6 * share);
    if checked || draft.proven {
        sure = sure.max(0.9);
    }
    if doubtful || repaired {
        sure = sure.min(0.5);
    }
    let quantity = quantity.and_then(|quantity| Quantity::from_thousandths(quantity).ok()).unwrap_or(Quantity::ONE);
    let style = draft.sheet.page.style;
    Product {
        id,
        name: one_alphabet(&item.name, style.roubles).chars().take(NAME_LETTERS_MAX).collect(),
        number_servings: quantity,
        price: price.map(|minor| style.money(minor)),
        total: total.map(|minor| style.money(minor)),
        price_printed: printed,
        modifiers: item.modifiers.clone(),
        confidence: hundredths(sure),
        raw: raw(draft, item),
        bounds: None,
        warnings,
    }
}

/// Whether the row has a times sign beside a number, so a quantity is printed.
fn counts(entry: &Entry) -> bool {
    let is_number =
        |at: Option<usize>| at.and_then(|at| entry.line.cells.get(at)).is_some_and(|cell| cell.number().is_some());
    let cells = entry.line.cells.iter().enumerate();
    let mut signs = cells.filter(|(_, cell)| cell.what == What::Times).map(|(at, _)| at);
    signs.any(|at| is_number(at.checked_sub(1)) || is_number(at.checked_add(1)))
}

/// Quantity, price, and whether the price is printed; missing values are derived from the total.
fn quantity_and_price(item: &Item, total: Option<i64>) -> (Option<i64>, Option<i64>, bool) {
    match (item.quantity, item.price, total) {
        (quantity, Some(price), _) => (quantity.or(Some(1000)), Some(price), true),
        (quantity, None, Some(total)) => {
            let quantity = quantity.filter(|quantity| *quantity > 0).unwrap_or(1000);
            let price = (i128::from(total) * 1000 + i128::from(quantity) / 2).div_euclid(i128::from(quantity));
            let price = i64::try_from(price).ok().filter(|price| times(quantity, *price).is_some());
            (Some(quantity), price, false)
        }
        (quantity, None, None) => (quantity, None, false),
    }
}

fn raw(draft: &Draft, item: &Item) -> String {
    let mut rows = item.rows.clone();
    rows.sort_unstable();
    rows.dedup();
    rows.iter().map(|row| draft.sheet.entries[*row].line.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn place(draft: &Draft, item: &Item) -> Option<Place> {
    around(item.rows.iter().map(|row| &draft.sheet.entries[*row].line.place))
}

fn confidence(cheque: &Cheque) -> f64 {
    if cheque.products.is_empty() {
        return 0.0;
    }
    let count = u32::try_from(cheque.products.len()).unwrap_or(u32::MAX);
    let lines = cheque.products.iter().map(|product| product.confidence).sum::<f64>() / f64::from(count);
    let whole = match cheque.status {
        ChequeStatus::Balanced => lines.max(0.9),
        ChequeStatus::NeedsReview if cheque.total_account.is_some() => lines.min(0.7),
        ChequeStatus::NeedsReview | ChequeStatus::Failed => lines.min(0.4),
    };
    (whole * 100.0).round() / 100.0
}

/// The currency named on the cheque; Cyrillic text alone does not imply roubles.
fn currency(draft: &Draft) -> Option<&'static str> {
    let signs: [(&str, &[&str]); 4] = [
        ("EUR", &["eur", "euro", "€"]),
        ("MYR", &["rm", "myr", "ringgit"]),
        ("RUB", &["руб", "₽", "рублей", "рубли", "рубль", "rub"]),
        ("USD", &["$", "usd"]),
    ];
    // A lone dollar sign is usually a misread letter.
    let dollars = draft.sheet.entries.iter().filter(|entry| {
        entry.line.text.split(' ').any(|word| word.strip_prefix('$').is_some_and(|rest| rest.contains('.')))
    });
    let dollars = !draft.sheet.page.style.roubles && dollars.count() >= 3;
    let contains_sign = |sign: &str| {
        let normalized = normalize(sign);
        draft.sheet.entries.iter().any(|entry| {
            let lower = entry.line.text.to_lowercase();
            if lower.contains(&format!("({sign}")) {
                return true;
            }
            if sign == "$" {
                dollars
            } else if normalized.is_empty() {
                lower.contains(sign)
            } else {
                entry.line.classified.iter().flat_map(ClassifiedWords::words).any(|word| is_sign(word, &normalized))
            }
        })
    };
    signs.iter().find(|(_, signs)| signs.iter().any(|sign| contains_sign(sign))).map(|(currency, _)| *currency)
}

/// Whether the word is the currency sign alone, or the sign directly before or after a figure.
fn is_sign(word: &str, sign: &str) -> bool {
    let rest = word.strip_prefix(sign).or_else(|| word.strip_suffix(sign));
    rest.is_some_and(|rest| {
        rest.is_empty() || (rest.len() >= 2 && rest.chars().all(|c| c.is_ascii_digit() || "osblzg".contains(c)))
    })
}
