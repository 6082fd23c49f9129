//! The owner corrects recognition errors, or confirms the cheque.

use super::currency::NotWhole;
use super::split::{OutOfBounds, Split, check_bounds};
use contracts::cheque::{LineWarning, Product};
use contracts::currency::smallest_unit;
use contracts::money::BillMoney;
use contracts::quantity::Quantity;
use std::collections::BTreeSet;
use time::Date;

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

/// A correction of a cheque.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// The version of the state that the owner has seen.
    pub based_on: Option<i64>,
    /// All lines; existing lines that are not listed are removed.
    pub products: Option<Vec<Line>>,
    /// The printed total.
    pub total_account: Change<BillMoney>,
    /// Service charge.
    pub service: Change<BillMoney>,
    /// Discount; positive.
    pub discount: Change<BillMoney>,
    /// Tax.
    pub tax: Change<BillMoney>,
    /// The printed tip.
    pub tip: Change<BillMoney>,
    /// Rounding.
    pub rounding: Change<BillMoney>,
    /// ISO 4217 code.
    pub currency: Change<String>,
    /// The restaurant or shop.
    pub merchant: Change<String>,
    /// The day of the purchase.
    pub purchased_on: Change<Date>,
    /// The owner confirms the cheque although it does not add up.
    pub confirmed: Option<bool>,
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

/// Where an amount of a bill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The printed total.
    Total,
    /// Service charge.
    Service,
    /// Discount.
    Discount,
    /// Tax.
    Tax,
    /// The printed tip.
    Tip,
    /// Rounding.
    Rounding,
    /// The total of a line, by its index in the correction from 0.
    LineTotal(usize),
    /// The price of a line.
    LinePrice(usize),
}

/// Why a correction is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrectRefusal {
    /// A participant has settled or is settling.
    #[error("a participant has settled: the cheque is fixed")]
    SettlementStarted,
    /// The bill was changed since the version on which the correction is based.
    #[error("the bill was changed at version {changed}, after version {based_on}, on which this correction is based")]
    OutOfDate {
        /// The version that the correction is based on.
        based_on: i64,
        /// The version at which the bill was last changed.
        changed: i64,
    },
    /// A corrected line does not exist.
    #[error("there is no line {id}")]
    UnknownLine {
        /// Its index in the correction, from 0.
        at: usize,
        /// Its line number.
        id: u32,
    },
    /// A line occurs twice.
    #[error("line {id} occurs twice")]
    LineTwice {
        /// The index of its second occurrence in the correction, from 0.
        at: usize,
        /// Its line number.
        id: u32,
    },
    /// Amounts have more decimals than the currency: where they are, and what is wrong with them.
    #[error("{} amounts have more decimals than the currency", .0.len())]
    NotWhole(Vec<(Field, NotWhole)>),
    /// An amount that the bill keeps has more decimals than its new currency.
    #[error("the bill has {amount}: amounts in this currency have fewer decimals, so correct the amounts too")]
    OtherDecimals {
        /// The amount.
        amount: BillMoney,
    },
    /// What the owner confirms cannot be paid, because an amount has more decimals than the currency.
    #[error("the bill has {amount}, which has more decimals than its currency: correct it first")]
    Unpayable {
        /// The amount.
        amount: BillMoney,
    },
    /// The corrected cheque exceeds the limits of a shared cheque.
    #[error(transparent)]
    Bounds(#[from] OutOfBounds),
}

impl Split {
    /// Applies a correction. Lines that remain keep their claims, boxes and raw text. When amounts change, a previous
    /// confirmation is dropped unless the correction confirms again. `None` if nothing changes.
    ///
    /// # Errors
    /// [`CorrectRefusal`].
    pub fn correct(&self, correction: Correction) -> Result<Option<Self>, CorrectRefusal> {
        if self.is_frozen() {
            return Err(CorrectRefusal::SettlementStarted);
        }
        if let Some(based_on) = correction.based_on.filter(|based_on| *based_on < self.cheque_version) {
            return Err(CorrectRefusal::OutOfDate { based_on, changed: self.cheque_version });
        }
        self.require_whole_amounts(&correction)?;
        let mut corrected = self.next();
        // Before the lines, because the price of one is rounded to its smallest unit.
        replace(&mut corrected.cheque.currency, correction.currency);
        if let Some(lines) = correction.products {
            let unit = smallest_unit(corrected.cheque.currency.as_deref());
            corrected.cheque.products = self.corrected_lines(lines, unit)?;
            let remaining: BTreeSet<u32> = corrected.cheque.products.iter().map(|line| line.id).collect();
            corrected.claims.retain(|(line, _), _| remaining.contains(line));
            corrected.drop_stale_negatives();
        }
        let cheque = &mut corrected.cheque;
        replace(&mut cheque.total_account, correction.total_account);
        replace(&mut cheque.service, correction.service);
        replace(&mut cheque.discount, correction.discount);
        replace(&mut cheque.tax, correction.tax);
        replace(&mut cheque.tip, correction.tip);
        replace(&mut cheque.rounding, correction.rounding);
        cheque.recompute_status();
        check_bounds(cheque)?;
        corrected.require_fitting(self, correction.confirmed == Some(true))?;
        let same_amounts = self.parts() == corrected.parts() && self.amounts_of_lines() == corrected.amounts_of_lines();
        corrected.confirmed = correction.confirmed.unwrap_or(self.confirmed && same_amounts);
        if corrected.cheque.currency != self.cheque.currency {
            corrected.rate = None;
        }
        if corrected.cheque != self.cheque {
            corrected.cheque_version = corrected.version;
        }
        // After the comparison, because edits that are based on an older name are no conflict.
        replace(&mut corrected.cheque.merchant, correction.merchant);
        replace(&mut corrected.cheque.purchased_on, correction.purchased_on);
        let changed = corrected.cheque != self.cheque || corrected.confirmed != self.confirmed;
        Ok(changed.then_some(corrected))
    }

    fn corrected_lines(&self, lines: Vec<Line>, unit: i64) -> Result<Vec<Product>, CorrectRefusal> {
        let mut next_id = self.cheque.products.iter().map(|line| line.id).max().unwrap_or(0) + 1;
        let mut seen = BTreeSet::new();
        let mut corrected = Vec::with_capacity(lines.len());
        for (at, line) in lines.into_iter().enumerate() {
            if let Some(id) = line.id.filter(|id| !seen.insert(*id)) {
                return Err(CorrectRefusal::LineTwice { at, id });
            }
            corrected.push(if let Some(id) = line.id {
                let known = self.line(id).ok_or(CorrectRefusal::UnknownLine { at, id })?;
                corrected_line(known.clone(), line, unit)
            } else {
                next_id += 1;
                added_line(next_id - 1, line, unit)
            });
        }
        Ok(corrected)
    }

    fn amounts_of_lines(&self) -> Vec<(u32, Option<BillMoney>)> {
        self.cheque.products.iter().map(|line| (line.id, line.total)).collect()
    }
}

fn replace<T>(field: &mut Option<T>, change: Change<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => *field = None,
        Change::Set(value) => *field = Some(value),
    }
}

/// A corrected line; what was recognised on the photo stays as evidence.
fn corrected_line(known: Product, line: Line, unit: i64) -> Product {
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

/// A line that was not recognised at all.
fn added_line(id: u32, line: Line, unit: i64) -> Product {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{pending, split};
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use contracts::cheque::ChequeStatus;

    fn line(id: Option<u32>, minor: i64) -> Line {
        let total = Some(BillMoney::from_hundredths(minor));
        Line { id, name: "Чай".into(), number_servings: Quantity::ONE, price: None, total, modifiers: None }
    }

    fn lines(lines: Vec<Line>) -> Correction {
        Correction { products: Some(lines), ..Correction::default() }
    }

    #[test]
    fn lines_that_stay_keep_their_claims_and_removed_ones_lose_them() {
        let owner = ParticipantId::OWNER;
        let split = split(&[100, 200]).claimed(owner, 1, Fraction::WHOLE).claimed(owner, 2, Fraction::WHOLE);
        let corrected = split.correct(lines(vec![line(Some(2), 250), line(None, 50)])).unwrap().unwrap();
        let ids: Vec<u32> = corrected.cheque.products.iter().map(|line| line.id).collect();
        assert_eq!(ids, [2, 3]);
        assert_eq!(corrected.claims.keys().collect::<Vec<_>>(), [&(2, owner)]);
        assert_eq!(corrected.cheque.products[0].raw, split.cheque.products[1].raw);
        assert_eq!(corrected.cheque.products[1].raw, "");
        assert_eq!(corrected.cheque.status, ChequeStatus::Balanced, "300 was and 300 is");
    }

    #[test]
    fn an_unknown_or_repeated_line_is_refused_with_its_index() {
        let split = split(&[100]);
        let unknown = split.correct(lines(vec![line(Some(1), 100), line(Some(7), 1)]));
        assert_eq!(unknown, Err(CorrectRefusal::UnknownLine { at: 1, id: 7 }));
        let twice = split.correct(lines(vec![line(Some(1), 100), line(Some(1), 1)]));
        assert_eq!(twice, Err(CorrectRefusal::LineTwice { at: 1, id: 1 }));
    }

    #[test]
    fn a_confirmation_ends_when_amounts_change() {
        let confirm = Correction { confirmed: Some(true), ..Correction::default() };
        let total = |minor| Correction {
            total_account: Change::Set(BillMoney::from_hundredths(minor)),
            ..Correction::default()
        };
        let wrong = split(&[100]).correct(total(110)).unwrap().unwrap();
        assert!(!wrong.is_payable());
        let confirmed = wrong.correct(confirm.clone()).unwrap().unwrap();
        assert!(confirmed.is_payable());
        assert_eq!(confirmed.parts().difference, BillMoney::from_hundredths(10));
        assert_eq!(confirmed.correct(confirm), Ok(None));
        assert!(!confirmed.correct(total(120)).unwrap().unwrap().confirmed);
        let currency = Correction { currency: Change::Set("EUR".into()), ..Correction::default() };
        assert!(confirmed.correct(currency).unwrap().unwrap().confirmed);
        let unknown = Correction { total_account: Change::Clear, confirmed: Some(true), ..Correction::default() };
        assert!(!confirmed.correct(unknown).unwrap().unwrap().is_payable(), "without a total no due can be paid");
    }

    #[test]
    fn a_price_is_computed_where_none_is_given() {
        let half = Line { number_servings: Quantity::from_thousandths(500).unwrap(), ..line(Some(1), 100) };
        let corrected = split(&[100]).correct(lines(vec![half])).unwrap().unwrap();
        assert_eq!(corrected.cheque.products[0].price, Some(BillMoney::from_hundredths(200)));
        let wrong = Line { price: Some(BillMoney::from_hundredths(90)), ..line(Some(1), 100) };
        let corrected = split(&[100]).correct(lines(vec![wrong])).unwrap().unwrap();
        assert_eq!(corrected.cheque.products[0].warnings, [LineWarning::DoesNotAddUp]);
    }

    #[test]
    fn from_the_first_settlement_on_the_cheque_is_fixed() {
        let mut split = split(&[100]).with_guests(1);
        split.participants[1].settlement = pending(1);
        assert_eq!(split.correct(Correction::default()), Err(CorrectRefusal::SettlementStarted));
    }
}
