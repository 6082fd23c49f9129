//! The owner corrects recognition errors, or confirms the cheque.

pub use super::corrected_line::{Change, Line};

use super::corrected_line::{added_line, corrected_line};
use super::currency::NotWhole;
use super::edit_lines::{EditRefusal, LineEdits};
use super::last_changes::Field;
use super::split::{OutOfBounds, Split, check_bounds};
use contracts::cheque::{Cheque, Product};
use contracts::currency::smallest_unit;
use contracts::money::BillMoney;
use std::collections::BTreeSet;
use time::Date;

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

/// Where an amount of a bill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountAt {
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
    /// The total of an edited line, by the index of the edit from 0.
    EditedTotal(usize),
    /// The price of an edited line.
    EditedPrice(usize),
    /// The total of an added line, by its index from 0.
    AddedTotal(usize),
    /// The price of an added line.
    AddedPrice(usize),
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
    /// An edit of a line is malformed.
    #[error(transparent)]
    Edit(#[from] EditRefusal),
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
    NotWhole(Vec<(AmountAt, NotWhole)>),
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
        self.require_whole_amounts(&correction)?;
        // A computed price is rounded to the smallest unit of the currency after the correction.
        let unit = smallest_unit(self.currency_after(&correction));
        let edits_of_lines = correction.lines.take().unwrap_or_default();
        let fields = self.changed_fields(&correction);
        let products = if let Some(lines) = correction.products.take() {
            self.require_current(&correction)?;
            self.corrected_lines(lines, unit)?
        } else {
            let edited = self.edited_lines(edits_of_lines, unit)?;
            let conflicts = Conflicts { lines: edited.conflicts, fields };
            if conflicts != Conflicts::default() {
                return Err(CorrectRefusal::Conflict(conflicts));
            }
            edited.lines
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
        corrected.require_fitting(self, correction.confirmed == Some(true))?;
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

    fn corrected_lines(&self, lines: Vec<Line>, unit: i64) -> Result<Vec<Product>, CorrectRefusal> {
        let mut next_id = self.last_changes.last_line + 1;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{pending, split};
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use contracts::cheque::{ChequeStatus, LineWarning};
    use contracts::quantity::Quantity;

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
