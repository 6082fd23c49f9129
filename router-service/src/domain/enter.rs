//! A user enters a bill by hand, without a photo.

use super::correct::{CorrectRefusal, Correction};
use super::last_changes::LastChanges;
use super::method::Method;
use super::split::Split;
use contracts::cheque::Cheque;
use contracts::ids::{ChequeHash, UserId};
use contracts::ocr::ChequeRecognized;
use time::OffsetDateTime;

/// Why an entered bill is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnterRefusal {
    /// It has neither lines nor a total.
    #[error("a bill needs a total or a line")]
    Empty,
    /// As for a correction.
    #[error(transparent)]
    Bill(#[from] CorrectRefusal),
}

impl Split {
    /// Creates the shared cheque of a bill that its owner has entered. Without lines there is nothing to claim, so it is
    /// divided equally.
    ///
    /// # Errors
    /// [`EnterRefusal`].
    pub fn enter(
        hash: ChequeHash,
        owner_id: UserId,
        bill: Correction,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<Self, EnterRefusal> {
        let blank = ChequeRecognized { hash, owner_id, expires_at, cheque: Cheque::blank() };
        let blank = Self::open(blank, now).map_err(CorrectRefusal::from)?;
        let entered = blank.correct(bill)?.ok_or(EnterRefusal::Empty)?;
        let lines = &entered.cheque.products;
        if lines.is_empty() && entered.cheque.total_account.is_none() {
            return Err(EnterRefusal::Empty);
        }
        let method = if lines.is_empty() { Method::Equal } else { Method::Items };
        // Nothing was seen before: the entered bill is its first version.
        let (version, cheque_version) = (blank.version, blank.cheque_version);
        let last_changes = LastChanges::all_at(version, &entered.cheque);
        Ok(Self { method, version, cheque_version, last_changes, ..entered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Line};
    use crate::domain::fixtures::{Hundredths, user};
    use contracts::cheque::ChequeStatus;
    use contracts::money::BillMoney;
    use contracts::quantity::Quantity;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn enter(lines: &[i64], total: Option<i64>) -> Result<Split, EnterRefusal> {
        let line = |(number, minor): (u32, &i64)| Line {
            id: None,
            name: format!("Line {number}"),
            number_servings: Quantity::ONE,
            price: None,
            total: Some(BillMoney::from_hundredths(*minor)),
            modifiers: None,
        };
        let bill = Correction {
            products: Some((1..).zip(lines).map(line).collect()),
            total_account: total.map_or(Change::Keep, |minor| Change::Set(BillMoney::from_hundredths(minor))),
            ..Correction::default()
        };
        let now = datetime!(2026-11-29 10:00 UTC);
        Split::enter(ChequeHash::from_random([5; 22]), user(1), bill, now, datetime!(2026-12-29 10:00 UTC))
    }

    #[test]
    fn an_entered_bill_is_a_first_version_with_numbered_lines() {
        let entered = enter(&[300, 200], Some(500)).unwrap();
        let ids: Vec<u32> = entered.cheque.products.iter().map(|line| line.id).collect();
        assert_eq!((ids, entered.version, entered.cheque_version), (vec![1, 2], 1, 1));
        assert_eq!((entered.cheque.status, entered.method.clone()), (ChequeStatus::Balanced, Method::Items));
        assert!(entered.is_payable() && entered.cheque.photo.is_none());
    }

    #[test]
    fn a_bill_with_only_a_total_is_divided_equally() {
        let entered = enter(&[], Some(1000)).unwrap().with_guests(2);
        assert_eq!(entered.method, Method::Equal);
        let dues = entered.dues();
        let sum: i64 = entered.participants.iter().map(|one| dues.of(one.id).due().hundredths()).sum();
        assert_eq!(sum, 1000);
    }

    #[test]
    fn a_bill_without_lines_and_total_is_refused() {
        assert_eq!(enter(&[], None), Err(EnterRefusal::Empty));
    }

    proptest! {
        #[test]
        fn dues_of_an_entered_bill_always_add_up(
            lines in prop::collection::vec(1..10_000_i64, 0..8), total in 1..100_000_i64, guests in 0..5_u32,
        ) {
            let entered = enter(&lines, Some(total)).unwrap().with_guests(guests);
            let dues = entered.dues();
            let sum: i64 = entered.participants.iter().map(|one| dues.of(one.id).due().hundredths()).sum();
            prop_assert_eq!(sum + dues.unclaimed.hundredths(), total);
        }
    }
}
