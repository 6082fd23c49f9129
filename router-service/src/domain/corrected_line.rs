//! A line of a bill as its owner corrects or adds it.

use contracts::cheque::{LineWarning, Product};
use contracts::money::BillMoney;
use contracts::quantity::Quantity;

/// A change of an optional field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Leaves the field unchanged.
    #[default]
    Keep,
    /// Removes the value.
    Clear,
    /// Sets a new value.
    Set(T),
}

/// A corrected line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The id of the corrected line; `None` for a new line.
    pub id: Option<u32>,
    /// Name of the dish or product.
    pub name: String,
    /// Quantity.
    pub number_servings: Quantity,
    /// Price of one serving. If `None`, the recognised price is used if it still fits; otherwise it is computed.
    pub price: Option<BillMoney>,
    /// Total price of the line.
    pub total: Option<BillMoney>,
    /// Sub-lines; `None` leaves them unchanged.
    pub modifiers: Option<Vec<String>>,
}

/// A corrected line, whose price is rounded to `unit` thousandths if it is computed; what was recognised on the photo stays as evidence.
pub(super) fn corrected_line(known: Product, line: Line, unit: i64) -> Product {
    let modifiers = line.modifiers.unwrap_or_else(|| known.modifiers.clone());
    let same_sum = known.number_servings == line.number_servings && known.total == line.total;
    let same_price = line.price.is_none_or(|price| known.price == Some(price));
    if same_sum && same_price && known.name == line.name {
        return Product { modifiers, ..known };
    }
    let recognised = known.price.filter(|_| same_sum);
    let price = line.price.or(recognised).or_else(|| price_of_one(line.total, line.number_servings, unit));
    let mut corrected = Product {
        name: line.name,
        number_servings: line.number_servings,
        price_printed: known.price_printed && price == known.price,
        price,
        total: line.total,
        modifiers,
        confidence: 1.0,
        warnings: vec![],
        ..known
    };
    corrected.warnings = warnings(&corrected, unit);
    corrected
}

/// A line that was not recognised at all; `unit` as above.
pub(super) fn added_line(id: u32, line: Line, unit: i64) -> Product {
    let mut added = Product {
        id,
        name: line.name,
        number_servings: line.number_servings,
        price: line.price.or_else(|| price_of_one(line.total, line.number_servings, unit)),
        total: line.total,
        price_printed: false,
        modifiers: line.modifiers.unwrap_or_default(),
        confidence: 1.0,
        raw: String::new(),
        bounds: None,
        warnings: vec![],
    };
    added.warnings = warnings(&added, unit);
    added
}

/// The total divided by the quantity, rounded to the nearest `unit` thousandths.
fn price_of_one(total: Option<BillMoney>, quantity: Quantity, unit: i64) -> Option<BillMoney> {
    let (total, whole) = (i128::from(total?.thousandths()), i128::from(quantity.thousandths()) * i128::from(unit));
    let units = (total * 1000 + whole / 2).div_euclid(whole);
    i64::try_from(units * i128::from(unit)).ok().map(BillMoney::from_thousandths)
}

/// What the owner should check again. Prices are rounded to `unit` thousandths.
fn warnings(line: &Product, unit: i64) -> Vec<LineWarning> {
    let (Some(price), Some(total)) = (line.price, line.total) else {
        return if line.total.is_none() { vec![LineWarning::NoAmount] } else { vec![] };
    };
    let exact = i128::from(price.thousandths()) * i128::from(line.number_servings.thousandths());
    // A computed price is rounded by at most half a unit for each serving.
    let tolerance = (1000 + i128::from(line.number_servings.thousandths()) / 2) * i128::from(unit);
    let fits = (exact - i128::from(total.thousandths()) * 1000).abs() <= tolerance;
    if fits { vec![] } else { vec![LineWarning::DoesNotAddUp] }
}
