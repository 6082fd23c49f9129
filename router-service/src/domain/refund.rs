//! The owner gives money back: all that a participant has paid, or what they are owed after a change.

use super::currency::NotWhole;
use super::participant::{Attempt, AttemptState, Direction, ParticipantId};
use super::rate::{Conversion, NotTransferable};
use super::split::Split;
use contracts::ids::TransferId;
use contracts::money::{Amount, BillAmount, BillMoney};
use contracts::router::TransferRequested;

/// How money is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By a transfer from the owner's balance.
    Balance {
        /// From the currency of the bill to that of the accounts.
        conversion: Option<Conversion>,
    },
    /// Outside the app, as recorded by the owner.
    Cash,
}

/// Why money cannot be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// There is no participant with this number.
    #[error("the participant does not exist")]
    NoSuchParticipant,
    /// A transfer was requested and is not answered.
    #[error("a transfer of this participant is pending")]
    Pending,
    /// They have paid nothing, and are owed nothing.
    #[error("the participant has paid nothing and is owed nothing")]
    NothingToGiveBack,
    /// The amount is neither what the participant is owed nor all that they have paid.
    #[error("the amount is neither what the participant is owed ({owed}) nor all that they have paid ({paid})")]
    OtherAmount {
        /// What they are owed.
        owed: BillMoney,
        /// All that they have paid.
        paid: BillMoney,
    },
    /// The amount has more decimals than the currency of the bill.
    #[error(transparent)]
    NotWhole(#[from] NotWhole),
    /// The bill is in the currency of the accounts, and the amount has more decimals.
    #[error("the amount has more decimals than the accounts: give it back in cash")]
    NotTransferable,
    /// The bill is in another currency than the accounts, and the owner has named no rate.
    #[error("the bill is in another currency than the accounts: give it back in cash, or name a rate")]
    NoRate,
    /// Cash that was given back cannot be taken back: more would be collected than the cheque gives.
    #[error("more would be collected than the bill: first give back what others are owed")]
    TooMuch,
    /// The due counts in a group, where the participant is owed it.
    #[error("this due counts in a group: settle up there, or take the cheque out of it")]
    InGroup,
    /// A guest has no balance.
    #[error("a guest has no balance: give the money back in cash")]
    Guest,
}

impl Split {
    /// Gives `amount` back to a participant: what they are owed after a change, or all that they have paid. Then the due
    /// is open again, and lines and method can change when no other participant has paid.
    ///
    /// If several participants have paid the restaurant, `by` gives back all that they got from the participant; what a
    /// participant is owed is a payment of the plan then. Otherwise `by` is the owner.
    ///
    /// # Errors
    /// [`RefundRefusal`].
    pub fn refund_by(
        &self,
        by: ParticipantId,
        id: ParticipantId,
        amount: BillMoney,
        means: Means,
        transfer_id: TransferId,
    ) -> Result<(Self, Option<TransferRequested>), RefundRefusal> {
        if self.has_several_payers() {
            return self.give_back_between(by, id, amount, means, transfer_id);
        }
        let participant = self.participant(id).filter(|_| id != by);
        let participant = participant.ok_or(RefundRefusal::NoSuchParticipant)?;
        if self.in_group.contains(&id) {
            return Err(RefundRefusal::InGroup);
        }
        let mut settlement = participant.settlement;
        if settlement.pending().is_some() {
            return Err(RefundRefusal::Pending);
        }
        let paid = settlement.paid().max(BillMoney::ZERO);
        let owed = self.to_pay(&self.dues(), participant).negated().max(BillMoney::ZERO);
        if paid == BillMoney::ZERO && owed == BillMoney::ZERO {
            return Err(RefundRefusal::NothingToGiveBack);
        }
        let agreed = BillAmount::new(amount).ok().filter(|_| amount == owed || amount == paid);
        let Some(agreed) = agreed else { return Err(self.other_amount(amount, owed, paid)) };
        let requested = match means {
            Means::Cash => {
                settlement.cash = BillMoney::from_thousandths(settlement.cash.thousandths() - amount.thousandths());
                None
            }
            Means::Balance { conversion } => {
                let amount_transferred = transferable(conversion, agreed)?;
                let transferred = amount_transferred.money();
                let (direction, state) = (Direction::ToParticipant, AttemptState::Pending);
                settlement.last = Some(Attempt { transfer_id, direction, amount, transferred, state });
                let to_user = participant.user_id.ok_or(RefundRefusal::Guest)?;
                let (from_user, hash) = (self.owner_id, self.hash.clone());
                let (title, participant_name) = (self.cheque.title().known(), participant.name.clone());
                let amount = amount_transferred;
                Some(TransferRequested {
                    transfer_id,
                    from_user,
                    to_user,
                    amount,
                    hash,
                    title,
                    participant_name,
                    for_group: false,
                })
            }
        };
        Ok((self.with_settlement(id, settlement), requested))
    }

    /// An amount that is neither what they are owed nor what they have paid.
    pub(super) fn other_amount(&self, amount: BillMoney, owed: BillMoney, paid: BillMoney) -> RefundRefusal {
        let refused = self.require_whole(amount).err();
        refused.map_or(RefundRefusal::OtherAmount { owed, paid }, RefundRefusal::NotWhole)
    }

    /// Takes back everything that the owner has recorded about payments outside the app.
    ///
    /// # Errors
    /// [`RefundRefusal`].
    pub fn unmark_cash(&self, id: ParticipantId) -> Result<Self, RefundRefusal> {
        let participant = self.participant(id).ok_or(RefundRefusal::NoSuchParticipant)?;
        let mut settlement = participant.settlement;
        if settlement.pending().is_some() {
            return Err(RefundRefusal::Pending);
        }
        if self.has_several_payers() {
            return self.unmark_between(id);
        }
        // What was recorded while several participants had paid the restaurant concerns others than the owner too.
        let between = self.cash_between(id);
        if settlement.cash == between {
            return Err(RefundRefusal::NothingToGiveBack);
        }
        settlement.cash = between;
        let mut unmarked = self.with_settlement(id, settlement);
        if let Some(participant) = unmarked.participant_mut(id) {
            participant.outside = None;
        }
        if unmarked.collected() > self.collected() && unmarked.collected() > self.total() {
            return Err(RefundRefusal::TooMuch);
        }
        Ok(unmarked)
    }
}

/// What is transferred to give back an amount of the bill.
pub(super) fn transferable(conversion: Option<Conversion>, amount: BillAmount) -> Result<Amount, RefundRefusal> {
    conversion.ok_or(RefundRefusal::NoRate)?.convert(amount).map_err(|refusal| match refusal {
        NotTransferable::TooSmall | NotTransferable::TooLarge => RefundRefusal::NothingToGiveBack,
        NotTransferable::ThirdDecimal => RefundRefusal::NotTransferable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, split, transfer, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::method::Method;
    use crate::domain::settle::Agreed;
    use contracts::payments::RefusalReason;

    const ANN: ParticipantId = ParticipantId(2);
    const BALANCE: Means = Means::Balance { conversion: Some(Conversion::Same) };

    /// Ann (user 7) has paid 100 of 300 by a transfer.
    fn paid() -> Split {
        let split = split(&[100, 200]).with_user(7).claimed(ANN, 1, Fraction::WHOLE);
        let (pending, _) = split.settle(user(7), None, Agreed::Version(split.version), "RUB", transfer(1)).unwrap();
        pending.transfer_completed(transfer(1)).unwrap()
    }

    fn minor(minor: i64) -> BillMoney {
        BillMoney::from_hundredths(minor)
    }

    #[test]
    fn a_payment_is_given_back_once_by_a_transfer_and_all_can_change_again() {
        let paid = paid();
        let (pending, requested) = paid.refund(ANN, minor(100), BALANCE, transfer(2)).unwrap();
        let requested = requested.unwrap();
        assert_eq!((requested.from_user, requested.to_user, requested.amount.hundredths()), (user(1), user(7), 100));
        assert!(pending.is_frozen(), "until the money is back");
        assert_eq!(pending.refund(ANN, minor(100), Means::Cash, transfer(3)), Err(RefundRefusal::Pending));
        let back = pending.transfer_completed(transfer(2)).unwrap();
        assert!(!back.is_frozen());
        assert_eq!(back.participant(ANN).unwrap().settlement.paid(), BillMoney::ZERO);
        assert!(back.set_method(Method::Equal, None).unwrap().is_some());
        assert!(back.claim(ANN, 1, Fraction::ZERO).unwrap().is_some());
        assert_eq!(back.refund(ANN, minor(100), BALANCE, transfer(3)), Err(RefundRefusal::NothingToGiveBack));
        assert_eq!(back.transfer_completed(transfer(2)), None, "a repeat");
    }

    #[test]
    fn a_refund_that_fails_changes_nothing() {
        let paid = paid();
        let (pending, _) = paid.refund(ANN, minor(100), BALANCE, transfer(2)).unwrap();
        let failed = pending.transfer_failed(transfer(2), RefusalReason::InsufficientFunds).unwrap();
        assert_eq!(failed.participant(ANN).unwrap().settlement.paid(), minor(100));
        assert_eq!(failed.dues(), paid.dues());
        assert!(failed.refund(ANN, minor(100), Means::Cash, transfer(3)).is_ok());
    }

    #[test]
    fn only_what_is_owed_or_all_that_was_paid_is_given_back() {
        let paid = paid();
        let other = Err(RefundRefusal::OtherAmount { owed: BillMoney::ZERO, paid: minor(100) });
        for amount in [1, 99, 101, 0, -100] {
            assert_eq!(paid.refund(ANN, minor(amount), BALANCE, transfer(2)), other);
        }
        let owner = paid.refund(ParticipantId::OWNER, minor(100), Means::Cash, transfer(2));
        assert_eq!(owner, Err(RefundRefusal::NoSuchParticipant));
        assert_eq!(paid.refund(ParticipantId(9), minor(1), Means::Cash, transfer(2)), owner);
    }

    #[test]
    fn cash_that_was_given_back_is_not_unmarked_when_another_has_paid_for_the_same() {
        // Ann gets her transfer back in cash, and Boris takes and pays her line.
        let (back, _) = paid().refund(ANN, minor(100), Means::Cash, transfer(2)).unwrap();
        let reversed = back.unmark_cash(ANN).unwrap();
        assert_eq!(reversed.participant(ANN).unwrap().settlement.paid(), minor(100), "nobody has paid for it yet");
        let boris = ParticipantId(3);
        let taken = back.claim(ANN, 1, Fraction::ZERO).unwrap().unwrap().with_user(8);
        let taken = taken.claimed(boris, 1, Fraction::WHOLE).claimed(boris, 2, Fraction::WHOLE);
        let all = taken.paid_cash(boris, Agreed::Amount(minor(300))).unwrap();
        assert_eq!(all.unmark_cash(ANN), Err(RefundRefusal::TooMuch));
    }

    #[test]
    fn a_guest_gets_money_back_in_cash_only() {
        let guest = split(&[100]).with_guests(1).claimed(ANN, 1, Fraction::WHOLE);
        let paid = guest.paid_cash(ANN, Agreed::Amount(minor(100))).unwrap();
        assert_eq!(paid.refund(ANN, minor(100), BALANCE, transfer(1)), Err(RefundRefusal::Guest));
        let (back, requested) = paid.refund(ANN, minor(100), Means::Cash, transfer(1)).unwrap();
        assert!(requested.is_none() && !back.is_frozen());
    }
}
