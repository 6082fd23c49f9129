//! A further photo of the bill was read, or the photo was taken again.

use super::split::{OutOfBounds, Split, check_bounds, clear_misread, review_decimals};
use contracts::cheque::{Cheque, Product};
use contracts::ocr::ChequePageRead;

/// Why what was read is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageRefusal {
    /// The photo is of another user than the owner.
    #[error("only the owner adds photos")]
    NotOwner,
    /// Money has moved or is moving.
    #[error("money has moved: the bill is fixed")]
    MoneyMoved,
    /// Lines that are claimed cannot be read again.
    #[error("lines are claimed, so the photo cannot take their place")]
    Claimed,
    /// The bill would exceed the limits of a shared cheque.
    #[error(transparent)]
    Bounds(#[from] OutOfBounds),
}

impl PageRefusal {
    /// For metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotOwner => "not_owner",
            Self::MoneyMoved => "money_moved",
            Self::Claimed => "claimed",
            Self::Bounds(_) => "out_of_bounds",
        }
    }
}

impl Split {
    /// Adds the lines of a further photo. Known lines keep their numbers and claims. A photo that was taken again takes the
    /// place of all that was known, under new line numbers. `None` for a photo that was added before.
    ///
    /// # Errors
    /// [`PageRefusal`]
    pub fn add_page(&self, mut read: ChequePageRead) -> Result<Option<Self>, PageRefusal> {
        if read.owner_id != self.owner_id {
            return Err(PageRefusal::NotOwner);
        }
        if self.cheque.pages().iter().any(|photo| photo.page == read.page) {
            return Ok(None);
        }
        if self.is_frozen() {
            return Err(PageRefusal::MoneyMoved);
        }
        if read.again && !self.claims.is_empty() {
            return Err(PageRefusal::Claimed);
        }
        clear_misread(&mut read.cheque);
        let mut added = self.next();
        added.cheque = if read.again {
            replaced(&self.cheque, self.last_changes.last_line, read.cheque)
        } else {
            self.continued(&read.cheque)
        };
        review_decimals(&mut added.cheque);
        check_bounds(&added.cheque)?;
        added.drop_stale_negatives();
        // What the owner confirmed were other amounts, unless the photo adds nothing.
        added.confirmed &= added.cheque.products == self.cheque.products && added.parts() == self.parts();
        if added.cheque.currency != self.cheque.currency {
            added.rate = None;
        }
        added.cheque_version = added.version;
        Ok(Some(added.with_changes_noted(self)))
    }

    /// The bill with the lines of its next photo, whose numbers are new.
    fn continued(&self, next: &Cheque) -> Cheque {
        let mut joined = self.cheque.continued(next, true);
        let added = joined.products.iter_mut().skip(self.cheque.products.len());
        for (id, line) in (self.last_changes.last_line + 1..).zip(added) {
            line.id = id;
        }
        joined
    }
}

/// Only the currency stays, if the new photo does not show one. A claim that is on its way cannot hit another line, because
/// the numbers are new.
fn replaced(known: &Cheque, last_id: u32, read: Cheque) -> Cheque {
    let products = (last_id + 1..).zip(read.products).map(|(id, line)| Product { id, ..line }).collect();
    Cheque { products, currency: read.currency.or_else(|| known.currency.clone()), ..read }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, pending, split, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use contracts::cheque::{ChequeStatus, PhotoSize};
    use contracts::money::BillMoney;
    use proptest::prelude::*;

    const OWNER: ParticipantId = ParticipantId::OWNER;

    /// What was read on photo 2, with other dishes than those of the fixture.
    fn page(lines: &[i64], total: Option<i64>) -> ChequePageRead {
        let mut cheque = split(lines).cheque;
        for line in &mut cheque.products {
            line.name = format!("Напиток {}", "абв".repeat(line.id as usize + 1));
        }
        cheque.total_account = total.map(BillMoney::from_hundredths);
        cheque.photo = Some(PhotoSize { width: 10, height: 20 });
        cheque.recompute_status();
        let hash = split(&[]).hash;
        ChequePageRead { hash, owner_id: user(1), page: 2, again: false, cheque: cheque.numbered_from(2) }
    }

    fn photographed(lines: &[i64]) -> Split {
        let mut split = split(lines);
        split.cheque.photo = Some(PhotoSize { width: 10, height: 20 });
        split.cheque.total_account = None;
        split.cheque.recompute_status();
        split
    }

    fn ids(split: &Split) -> Vec<u32> {
        split.cheque.products.iter().map(|line| line.id).collect()
    }

    #[test]
    fn lines_of_a_second_photo_are_added_and_claims_stay() {
        let before = photographed(&[100, 200]).claimed(OWNER, 2, Fraction::WHOLE);
        let after = before.add_page(page(&[300], Some(600))).unwrap().unwrap();
        assert_eq!((ids(&after), after.cheque.status), (vec![1, 2, 3], ChequeStatus::Balanced));
        assert_eq!((after.claims.clone(), after.cheque_version), (before.claims.clone(), before.version + 1));
        assert_eq!(after.add_page(page(&[300], Some(600))), Ok(None), "the event came twice");
    }

    #[test]
    fn a_photo_that_was_taken_again_takes_the_place_of_the_first() {
        let before = photographed(&[100, 200]);
        let again = ChequePageRead { again: true, ..page(&[300, 400], Some(700)) };
        let after = before.add_page(again.clone()).unwrap().unwrap();
        assert_eq!((ids(&after), after.total()), (vec![3, 4], BillMoney::from_hundredths(700)));
        let pages: Vec<u32> = after.cheque.pages().iter().map(|photo| photo.page).collect();
        assert_eq!((pages, after.cheque.photo), (vec![2], None));
        let claimed = before.claimed(OWNER, 1, Fraction::WHOLE);
        assert_eq!(claimed.add_page(again), Err(PageRefusal::Claimed));
    }

    #[test]
    fn nothing_is_added_after_money_has_moved_or_by_another_user() {
        let mut paid = photographed(&[100]).with_guests(1);
        paid.participants[1].settlement = pending(1);
        assert_eq!(paid.add_page(page(&[300], None)), Err(PageRefusal::MoneyMoved));
        let stranger = ChequePageRead { owner_id: user(2), ..page(&[300], None) };
        assert_eq!(photographed(&[100]).add_page(stranger), Err(PageRefusal::NotOwner));
    }

    #[test]
    fn a_confirmation_ends_when_a_photo_adds_lines() {
        let confirmed = Split { confirmed: true, ..photographed(&[100]) };
        assert!(!confirmed.add_page(page(&[300], None)).unwrap().unwrap().confirmed);
        let empty = page(&[], None);
        assert!(confirmed.add_page(empty).unwrap().unwrap().confirmed);
    }

    proptest! {
        #[test]
        fn dues_add_up_after_a_photo_and_no_claim_is_lost(
            first in prop::collection::vec(1..10_000_i64, 1..6), next in prop::collection::vec(1..10_000_i64, 0..6),
            total in prop::option::of(1..50_000_i64), claimed in 1..6_u32, guests in 0..4_u32,
        ) {
            let before = photographed(&first).with_guests(guests);
            let line = 1 + claimed % u32::try_from(first.len()).unwrap();
            let before = before.claimed(OWNER, line, Fraction::WHOLE);
            let after = before.add_page(page(&next, total)).unwrap().unwrap();
            prop_assert_eq!(&after.claims, &before.claims);
            let dues = after.dues();
            let sum: i64 = after.participants.iter().map(|one| dues.of(one.id).due().hundredths()).sum();
            prop_assert_eq!(sum + dues.unclaimed.hundredths(), after.total().hundredths());
        }
    }
}
