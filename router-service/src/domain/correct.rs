//! The owner corrects recognition errors, or confirms the cheque.

use super::edit_lines::{EditList, LineEdits};
use super::last_changes::Field;
use super::split::{OutOfBounds, Split, check_bounds};
use contracts::cheque::{Cheque, LineWarning, Product};
use contracts::money::Money;
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
    /// Instead of `products`, edits of single lines.
    pub lines: Option<LineEdits>,
    /// The printed total.
    pub total_account: Change<Money>,
    /// Service charge.
    pub service: Change<Money>,
    /// Discount; positive.
    pub discount: Change<Money>,
    /// Tax.
    pub tax: Change<Money>,
    /// The printed tip.
    pub tip: Change<Money>,
    /// Rounding.
    pub rounding: Change<Money>,
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
    pub price: Option<Money>,
    /// Total price of the line.
    pub total: Option<Money>,
    /// Sub-lines; `None` leaves them unchanged.
    pub modifiers: Option<Vec<String>>,
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
    /// Lines or fields were changed since the versions on which the correction is based.
    #[error("what you edit was changed since you read it: look at what it is now, and edit again")]
    Conflict(Conflicts),
    /// An edited line occurs twice.
    #[error("line {id} occurs twice")]
    EditedTwice {
        /// The list of its second occurrence.
        list: EditList,
        /// The index there, from 0.
        at: usize,
        /// Its line number.
        id: u32,
    },
    /// An edit names a version that does not exist yet.
    #[error("must be a version that you have read: the last one is {version}")]
    NotYet {
        /// The list of the edit.
        list: EditList,
        /// The index there, from 0.
        at: usize,
        /// The version of the state.
        version: i64,
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
    /// The corrected cheque exceeds the limits of a shared cheque.
    #[error(transparent)]
    Bounds(#[from] OutOfBounds),
}

/// What was changed since it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// Lines, also such that were removed.
    pub lines: Vec<u32>,
    /// Fields.
    pub fields: Vec<Field>,
}

impl Split {
    /// Applies a correction, all of it or nothing. Lines that remain keep their claims, boxes and raw text. When amounts
    /// change, a previous confirmation is dropped unless the correction confirms again. `None` if nothing changes.
    ///
    /// All lines together, and a confirmation, have to be based on the current bill; an edit of a line or a field only on
    /// what that line or field is now.
    ///
    /// # Errors
    /// [`CorrectRefusal`].
    pub fn correct(&self, mut correction: Correction) -> Result<Option<Self>, CorrectRefusal> {
        if self.is_frozen() {
            return Err(CorrectRefusal::SettlementStarted);
        }
        let edits_of_lines = correction.lines.take().unwrap_or_default();
        let fields = self.changed_fields(&correction);
        let whole_bill = correction.products.take();
        if whole_bill.is_some() {
            self.require_current(&correction)?;
        }
        let products = match whole_bill {
            Some(lines) => self.corrected_lines(lines)?,
            None => {
                let edited = self.edited_lines(edits_of_lines)?;
                let conflicts = Conflicts { lines: edited.conflicts, fields };
                if conflicts != Conflicts::default() {
                    return Err(CorrectRefusal::Conflict(conflicts));
                }
                edited.lines
            }
        };
        if correction.confirmed.is_some() {
            self.require_current(&correction)?;
        }
        let mut corrected = self.next();
        corrected.cheque.products = products;
        if corrected.cheque.products != self.cheque.products {
            let remaining: BTreeSet<u32> = corrected.cheque.products.iter().map(|line| line.id).collect();
            corrected.claims.retain(|(line, _), _| remaining.contains(line));
            corrected.drop_stale_negatives();
        }
        let cheque = &mut corrected.cheque;
        correction.apply(cheque);
        cheque.recompute_status();
        check_bounds(cheque)?;
        let same_amounts = self.parts() == corrected.parts() && self.amounts_of_lines() == corrected.amounts_of_lines();
        corrected.confirmed = correction.confirmed.unwrap_or(self.confirmed && same_amounts);
        if corrected.cheque.currency != self.cheque.currency {
            corrected.rate = None;
        }
        // Edits of the whole bill that are based on an older name are no conflict.
        let title = corrected.cheque.title();
        let renamed = Cheque { merchant: title.merchant, purchased_on: title.purchased_on, ..self.cheque.clone() };
        if corrected.cheque != renamed {
            corrected.cheque_version = corrected.version;
        }
        let changed = corrected.cheque != self.cheque || corrected.confirmed != self.confirmed;
        Ok(changed.then(|| corrected.with_changes_noted(self)))
    }

    /// Refuses what is based on an older bill.
    fn require_current(&self, correction: &Correction) -> Result<(), CorrectRefusal> {
        match correction.based_on.filter(|based_on| *based_on < self.cheque_version) {
            Some(based_on) => Err(CorrectRefusal::OutOfDate { based_on, changed: self.cheque_version }),
            None => Ok(()),
        }
    }

    /// The fields that were changed since the version on which the correction is based, and to which it gives another value.
    fn changed_fields(&self, correction: &Correction) -> Vec<Field> {
        let Some(based_on) = correction.based_on else { return vec![] };
        let mut wanted = self.cheque.clone();
        correction.apply(&mut wanted);
        let is_later = |field: &Field| self.last_changes.of_field(*field) > based_on;
        Field::ALL.into_iter().filter(|field| field.differs(&self.cheque, &wanted)).filter(is_later).collect()
    }

    fn corrected_lines(&self, lines: Vec<Line>) -> Result<Vec<Product>, CorrectRefusal> {
        let mut next_id = self.last_changes.last_line + 1;
        let mut seen = BTreeSet::new();
        let mut corrected = Vec::with_capacity(lines.len());
        for (at, line) in lines.into_iter().enumerate() {
            if let Some(id) = line.id.filter(|id| !seen.insert(*id)) {
                return Err(CorrectRefusal::LineTwice { at, id });
            }
            corrected.push(if let Some(id) = line.id {
                let known = self.line(id).ok_or(CorrectRefusal::UnknownLine { at, id })?;
                corrected_line(known.clone(), line)
            } else {
                next_id += 1;
                added_line(next_id - 1, line)
            });
        }
        Ok(corrected)
    }

    fn amounts_of_lines(&self) -> Vec<(u32, Option<Money>)> {
        self.cheque.products.iter().map(|line| (line.id, line.total)).collect()
    }
}

impl Correction {
    /// Sets the fields beside the lines.
    fn apply(&self, cheque: &mut Cheque) {
        replace(&mut cheque.total_account, &self.total_account);
        replace(&mut cheque.service, &self.service);
        replace(&mut cheque.discount, &self.discount);
        replace(&mut cheque.tax, &self.tax);
        replace(&mut cheque.tip, &self.tip);
        replace(&mut cheque.rounding, &self.rounding);
        replace(&mut cheque.currency, &self.currency);
        replace(&mut cheque.merchant, &self.merchant);
        replace(&mut cheque.purchased_on, &self.purchased_on);
    }
}

fn replace<T: Clone>(field: &mut Option<T>, change: &Change<T>) {
    match change {
        Change::Keep => {}
        Change::Clear => *field = None,
        Change::Set(value) => *field = Some(value.clone()),
    }
}

/// A corrected line; what was recognised on the photo stays as evidence.
pub(super) fn corrected_line(known: Product, line: Line) -> Product {
    let modifiers = line.modifiers.unwrap_or_else(|| known.modifiers.clone());
    let same_sum = known.number_servings == line.number_servings && known.total == line.total;
    let same_price = line.price.is_none_or(|price| known.price == Some(price));
    if same_sum && same_price && known.name == line.name {
        return Product { modifiers, ..known };
    }
    let recognised = known.price.filter(|_| same_sum);
    let price = line.price.or(recognised).or_else(|| price_of_one(line.total, line.number_servings));
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
    corrected.warnings = warnings(&corrected);
    corrected
}

/// A line that was not recognised at all.
pub(super) fn added_line(id: u32, line: Line) -> Product {
    let mut added = Product {
        id,
        name: line.name,
        number_servings: line.number_servings,
        price: line.price.or_else(|| price_of_one(line.total, line.number_servings)),
        total: line.total,
        price_printed: false,
        modifiers: line.modifiers.unwrap_or_default(),
        confidence: 1.0,
        raw: String::new(),
        bounds: None,
        warnings: vec![],
    };
    added.warnings = warnings(&added);
    added
}

/// The total divided by the quantity, rounded to the nearest minor unit.
fn price_of_one(total: Option<Money>, quantity: Quantity) -> Option<Money> {
    let (total, thousandths) = (i128::from(total?.minor()), i128::from(quantity.thousandths()));
    let price = (total * 1000 + thousandths / 2).div_euclid(thousandths);
    i64::try_from(price).ok().map(Money::from_minor)
}

/// What the owner should check again.
fn warnings(line: &Product) -> Vec<LineWarning> {
    let (Some(price), Some(total)) = (line.price, line.total) else {
        return if line.total.is_none() { vec![LineWarning::NoAmount] } else { vec![] };
    };
    let exact = i128::from(price.minor()) * i128::from(line.number_servings.thousandths());
    // A computed price is rounded by at most half a unit for each serving.
    let tolerance = 1000 + i128::from(line.number_servings.thousandths()) / 2;
    let fits = (exact - i128::from(total.minor()) * 1000).abs() <= tolerance;
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
        let total = Some(Money::from_minor(minor));
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
        let total =
            |minor| Correction { total_account: Change::Set(Money::from_minor(minor)), ..Correction::default() };
        let wrong = split(&[100]).correct(total(110)).unwrap().unwrap();
        assert!(!wrong.is_payable());
        let confirmed = wrong.correct(confirm.clone()).unwrap().unwrap();
        assert!(confirmed.is_payable());
        assert_eq!(confirmed.parts().difference, Money::from_minor(10));
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
        assert_eq!(corrected.cheque.products[0].price, Some(Money::from_minor(200)));
        let wrong = Line { price: Some(Money::from_minor(90)), ..line(Some(1), 100) };
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
