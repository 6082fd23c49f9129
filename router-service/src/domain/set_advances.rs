//! The owner says who else has paid the restaurant.

use super::currency::NotWhole;
use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::BillMoney;
use std::collections::BTreeMap;

/// Why the owner cannot say who has paid the restaurant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdvancesRefusal {
    /// Money has moved and was not given back.
    #[error("money has moved: who has paid the restaurant is fixed until it is given back")]
    SettlementStarted,
    /// The bill was changed since the version on which this is based.
    #[error("the bill was changed at version {changed}, after version {based_on}, on which this is based")]
    OutOfDate {
        /// The version that this is based on.
        based_on: i64,
        /// The version at which the bill was last changed.
        changed: i64,
    },
    /// There is no participant with this number.
    #[error("there is no participant {0}")]
    NoSuchParticipant(ParticipantId),
    /// An amount has more decimals than the currency.
    #[error("{1}")]
    NotWhole(ParticipantId, NotWhole),
    /// The owner has paid what the others have not.
    #[error("the owner has paid what is left: it is not named")]
    Owner,
    /// More than the total.
    #[error("together they have paid {paid}, which is more than the total of {total}")]
    TooMuch {
        /// What others than the owner have paid.
        paid: BillMoney,
        /// The total.
        total: BillMoney,
    },
}

impl Split {
    /// Sets what others than the owner have paid to the restaurant; the owner has paid the rest. `None` if nothing
    /// changes.
    ///
    /// # Errors
    /// [`AdvancesRefusal`].
    pub fn set_advances(
        &self,
        based_on: i64,
        advances: &BTreeMap<ParticipantId, BillMoney>,
    ) -> Result<Option<Self>, AdvancesRefusal> {
        if self.is_frozen() {
            return Err(AdvancesRefusal::SettlementStarted);
        }
        if based_on < self.cheque_version {
            return Err(AdvancesRefusal::OutOfDate { based_on, changed: self.cheque_version });
        }
        if advances.contains_key(&ParticipantId::OWNER) {
            return Err(AdvancesRefusal::Owner);
        }
        if let Some(unknown) = advances.keys().find(|id| self.participant(**id).is_none()) {
            return Err(AdvancesRefusal::NoSuchParticipant(*unknown));
        }
        for (id, paid) in advances {
            self.require_whole(*paid).map_err(|refused| AdvancesRefusal::NotWhole(*id, refused))?;
        }
        let (paid, total) =
            (BillMoney::from_thousandths(advances.values().map(|paid| paid.thousandths()).sum()), self.total());
        if paid > total.max(BillMoney::ZERO) {
            return Err(AdvancesRefusal::TooMuch { paid, total });
        }
        let mut set = self.next();
        for participant in &mut set.participants {
            participant.advance = advances.get(&participant.id).copied().unwrap_or(BillMoney::ZERO);
        }
        // A report says to whom was paid, which depends on who has paid the restaurant.
        if set.participants == self.participants {
            return Ok(None);
        }
        for participant in &mut set.participants {
            participant.report = None;
        }
        Ok(Some(set))
    }

    /// What others than the owner have paid to the restaurant.
    pub fn advanced(&self) -> BillMoney {
        BillMoney::from_thousandths(self.participants.iter().map(|participant| participant.advance.thousandths()).sum())
    }

    /// Whether others than the owner have paid to the restaurant.
    pub fn has_several_payers(&self) -> bool {
        self.advanced() > BillMoney::ZERO
    }

    /// What a participant has paid to the restaurant, of this total.
    pub fn advance_of(&self, id: ParticipantId, total: BillMoney) -> BillMoney {
        if id == ParticipantId::OWNER {
            return BillMoney::from_thousandths(total.thousandths() - self.advanced().thousandths());
        }
        self.participant(id).map_or(BillMoney::ZERO, |participant| participant.advance)
    }

    /// Whether the bill was corrected to less than what others than the owner have paid for it.
    pub fn advances_exceed_total(&self) -> bool {
        self.has_several_payers() && self.advanced() > self.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Correction};
    use crate::domain::fixtures::split;
    use crate::domain::remove::RemoveRefusal;
    use crate::domain::settle::{Agreed, SettleRefusal};

    const ANN: ParticipantId = ParticipantId(2);

    fn minor(minor: i64) -> BillMoney {
        BillMoney::from_hundredths(minor)
    }

    fn advances(amounts: &[(u32, i64)]) -> BTreeMap<ParticipantId, BillMoney> {
        amounts.iter().map(|(id, amount)| (ParticipantId(*id), minor(*amount))).collect()
    }

    #[test]
    fn the_owner_has_paid_what_the_others_have_not() {
        let split = split(&[500]).with_guests(2);
        let set = split.set_advances(split.version, &advances(&[(2, 200)])).unwrap().unwrap();
        assert_eq!(
            (set.advance_of(ParticipantId::OWNER, set.total()), set.advance_of(ANN, set.total())),
            (minor(300), minor(200))
        );
        assert_eq!(set.set_advances(set.version, &advances(&[(2, 200)])), Ok(None));
        assert!(!set.set_advances(set.version, &advances(&[])).unwrap().unwrap().has_several_payers());
        let refused = |amounts| split.set_advances(split.version, &advances(amounts)).unwrap_err();
        assert_eq!(refused(&[(2, 501)]), AdvancesRefusal::TooMuch { paid: minor(501), total: minor(500) });
        assert_eq!(refused(&[(1, 100)]), AdvancesRefusal::Owner);
        assert_eq!(refused(&[(9, 100)]), AdvancesRefusal::NoSuchParticipant(ParticipantId(9)));
        let moved = split.claimed(ANN, 1, crate::domain::fraction::Fraction::WHOLE);
        let moved = moved.paid_cash(ANN, Agreed::Version(moved.version)).unwrap();
        assert_eq!(moved.set_advances(moved.version, &advances(&[(2, 1)])), Err(AdvancesRefusal::SettlementStarted));
    }

    #[test]
    fn who_has_paid_the_restaurant_cannot_leave() {
        let split = split(&[500]).with_guests(1);
        let set = split.set_advances(split.version, &advances(&[(2, 200)])).unwrap().unwrap();
        assert_eq!(set.remove(ANN), Err(RemoveRefusal::Advance));
    }

    #[test]
    fn a_bill_that_is_corrected_below_what_was_paid_for_it_cannot_be_settled() {
        let split = split(&[500]).with_user(7);
        let set = split.set_advances(split.version, &advances(&[(2, 400)])).unwrap().unwrap();
        let total =
            Correction { total_account: Change::Set(minor(300)), confirmed: Some(true), ..Correction::default() };
        let less = set.correct(total).unwrap().unwrap();
        assert!(!less.is_payable());
        let agreed = Agreed::Version(less.version);
        let refused =
            less.settle(crate::domain::fixtures::user(1), None, agreed, "RUB", crate::domain::fixtures::transfer(1));
        assert_eq!(refused.map(drop), Err(SettleRefusal::AdvancesExceedTotal));
        let old = less.set_advances(set.version, &advances(&[]));
        assert_eq!(old, Err(AdvancesRefusal::OutOfDate { based_on: set.version, changed: less.version }));
        assert!(less.set_advances(less.version, &advances(&[(2, 300)])).unwrap().unwrap().is_payable());
    }
}
