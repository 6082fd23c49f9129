//! Participants pay what they owe, by a transfer or outside the app.

use super::currency::NotWhole;
use super::outside::Outside;
use super::participant::{Attempt, AttemptState, Direction, Participant, ParticipantId, Settlement};
use super::rate::NotTransferable;
use super::split::Split;
use contracts::ids::{TransferId, UserId};
use contracts::money::{Amount, BillMoney, Money};
use contracts::router::TransferRequested;

/// What the one who pays has agreed to: an edit of the bill in the meantime must not change what they pay. `M` is `Money`
/// of a transfer, in the currency of the accounts, and `BillMoney` of a payment outside the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed<M> {
    /// The amount that they have seen.
    Amount(M),
    /// The version of the state that they have seen.
    Version(i64),
    /// Nothing was named.
    Nothing,
}

/// Why a due cannot be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefusal {
    /// The participant is another user or a guest, or does not exist.
    #[error("the participant does not exist or is not you")]
    NotYou,
    /// The user has not joined.
    #[error("join the cheque first")]
    NotHere,
    /// The owner receives the payments.
    #[error("the owner owes nothing")]
    Owner,
    /// A transfer was requested and is not answered.
    #[error("your transfer is pending")]
    Pending,
    /// The due is paid.
    #[error("you have settled")]
    Settled,
    /// The cheque does not add up and is not confirmed.
    #[error("the cheque does not add up; the owner must correct or confirm it before dues can be paid")]
    NotPayable,
    /// There is nothing to pay.
    #[error("there is nothing to pay")]
    NothingDue,
    /// What is due, at the rate of the owner, is more than one payment can move.
    #[error("the amount is larger than one payment can be: the owner must correct the bill or its rate")]
    TooLarge,
    /// The one who pays has agreed to another amount, or to none.
    #[error("{due} is due; name this amount, or the version of the state, to pay it")]
    NotAgreed {
        /// The amount that is due now: for a transfer in the currency of the accounts, else in that of the bill.
        due: BillMoney,
    },
    /// The amount has more decimals than the currency of the bill, and is not the one that is due.
    #[error(transparent)]
    NotWhole(#[from] NotWhole),
    /// The bill is in the currency of the accounts, and an amount has more decimals.
    #[error(
        "{due} is due, which has more decimals than the accounts: the owner must correct the bill, or it is paid in cash"
    )]
    NotTransferable {
        /// The amount that is due now.
        due: BillMoney,
    },
    /// The bill is in another currency than the accounts, and the owner has named no rate.
    #[error("the bill is in another currency than the accounts: pay in cash, or the owner names a rate")]
    NoRate,
    /// The due counts in a group.
    #[error("this due counts in a group: settle up there")]
    InGroup,
    /// More would be collected than the cheque gives.
    #[error("more would be collected than the bill: first the owner must give back what others are owed")]
    TooMuch,
    /// Several participants get money from this one, and the request names none of them.
    #[error("you pay several people: name one of them with `to`")]
    SeveralReceivers,
    /// The payer or the receiver has no account.
    #[error("one of the two has no account: pay in cash or otherwise, and let it be recorded")]
    NoAccount,
    /// The bill was corrected to less than what others than its owner have paid for it.
    #[error("more was paid to the restaurant than the bill says: the owner must correct who has paid how much")]
    AdvancesExceedTotal,
}

/// Why an outside payment cannot be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CashRefusal {
    /// There is no participant with this number.
    #[error("the participant does not exist")]
    NoSuchParticipant,
    /// The due cannot be paid.
    #[error(transparent)]
    Settle(#[from] SettleRefusal),
}

impl Split {
    /// Begins a transfer of what the user owes `to` another participant, between accounts in the currency `accounts`. `to`
    /// can be left out if they owe only one. `named` is the participant that the request names. The claims are fixed from
    /// now on, unless the transfer is refused or the money is given back.
    ///
    /// # Errors
    /// [`SettleRefusal`].
    pub fn settle_to(
        &self,
        user_id: UserId,
        named: Option<ParticipantId>,
        to: Option<ParticipantId>,
        agreed: Agreed<Money>,
        accounts: &str,
        transfer_id: TransferId,
    ) -> Result<(Self, TransferRequested), SettleRefusal> {
        let you = self.participant_of(user_id).map(|participant| participant.id);
        if named.is_some_and(|named| Some(named) != you) {
            return Err(SettleRefusal::NotYou);
        }
        let you = you.ok_or(SettleRefusal::NotHere)?;
        let due = self.payable(you, to, agreed, |due| {
            let conversion = self.conversion_to(accounts).ok_or(SettleRefusal::NoRate)?;
            conversion.convert(due).map(Amount::money).map_err(|refusal| match refusal {
                NotTransferable::TooSmall => SettleRefusal::NothingDue,
                NotTransferable::TooLarge => SettleRefusal::TooLarge,
                NotTransferable::ThirdDecimal => SettleRefusal::NotTransferable { due: due.money() },
            })
        })?;
        let receiver = self.participant(due.to).and_then(|receiver| receiver.user_id);
        let (from_user, to_user, hash) = (user_id, receiver.ok_or(SettleRefusal::NoAccount)?, self.hash.clone());
        let (title, participant_name) = (self.cheque.title().known(), self.name_of(you));
        let amount = Amount::new(due.pays).map_err(|_| SettleRefusal::NothingDue)?;
        let requested = TransferRequested {
            transfer_id,
            from_user,
            to_user,
            amount,
            hash,
            title,
            participant_name,
            for_group: false,
        };
        let several = self.has_several_payers();
        let (direction, state) =
            (if several { Direction::To(due.to) } else { Direction::ToOwner }, AttemptState::Pending);
        let (amount, transferred) = (due.amount, due.pays);
        let last = Some(Attempt { transfer_id, direction, amount, transferred, state });
        let mut settling = self.with_settlement(you, Settlement { last, ..due.settlement });
        if several {
            settling.expect_arriving(due.to, amount);
        }
        if let Some(payer) = settling.participant_mut(you) {
            payer.report = None;
        }
        Ok((settling, requested))
    }

    /// Records that a participant has paid what they owe `to` another one outside the app. `to` can be left out if they
    /// owe only one.
    ///
    /// # Errors
    /// [`CashRefusal`].
    pub fn record_cash(
        &self,
        id: ParticipantId,
        to: Option<ParticipantId>,
        agreed: Agreed<BillMoney>,
        outside: Outside,
    ) -> Result<Self, CashRefusal> {
        self.participant(id).ok_or(CashRefusal::NoSuchParticipant)?;
        let due = self.payable_outside(id, to, agreed)?;
        let cash = BillMoney::from_thousandths(due.settlement.cash.thousandths() + due.amount.thousandths());
        let mut recorded = if self.has_several_payers() {
            let mut recorded = self.next();
            recorded.add_cash(id, due.to, due.amount);
            recorded
        } else {
            self.with_settlement(id, Settlement { cash, ..due.settlement })
        };
        if let Some(payer) = recorded.participant_mut(id) {
            (payer.outside, payer.report) = (Some(outside), None);
        }
        Ok(recorded)
    }

    /// What was and is being paid to the owner who alone has paid the restaurant, less what was given back. A refund counts when it is done.
    pub fn collected(&self) -> BillMoney {
        let of_one = |participant: &Participant| {
            let settlement = &participant.settlement;
            settlement.paid().max(settlement.expected()).thousandths()
        };
        BillMoney::from_thousandths(self.participants.iter().map(of_one).sum())
    }

    pub(super) fn with_settlement(&self, id: ParticipantId, settlement: Settlement) -> Self {
        let mut moved = self.next();
        if let Some(participant) = moved.participant_mut(id) {
            participant.settlement = settlement;
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Correction};
    use crate::domain::delete::DeleteRefusal;
    use crate::domain::fixtures::{Hundredths, split, transfer, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::method::Method;
    use crate::domain::refund::{Means, RefundRefusal};
    use contracts::payments::RefusalReason;

    const ANN: ParticipantId = ParticipantId(2);

    /// The owner claimed the line of 100, Ann (user 7) the line of 200.
    fn table() -> Split {
        let split = split(&[100, 200]).with_user(7);
        split.claimed(ParticipantId::OWNER, 1, Fraction::WHOLE).claimed(ANN, 2, Fraction::WHOLE)
    }

    fn seen<M: From<Money>>(minor: i64) -> Agreed<M> {
        Agreed::Amount(Money::from_minor(minor).into())
    }

    #[test]
    fn a_due_is_paid_to_the_owner_and_all_is_settled() {
        let (pending, requested) = table().settle(user(7), Some(ANN), seen(200), "RUB", transfer(1)).unwrap();
        assert_eq!((requested.amount.hundredths(), requested.from_user, requested.to_user), (200, user(7), user(1)));
        assert!(!pending.is_settled(&pending.dues()));
        let paid = pending.transfer_completed(transfer(1)).unwrap();
        assert!(paid.is_settled(&paid.dues()));
        assert_eq!(paid.version, pending.version + 1);
        assert_eq!(paid.transfer_completed(transfer(1)), None, "a repeat");
        assert_eq!(paid.transfer_failed(transfer(1), RefusalReason::NoAccount), None, "late");
        assert_eq!(paid.settle(user(7), None, seen(200), "RUB", transfer(2)), Err(SettleRefusal::Settled));
    }

    #[test]
    fn only_what_was_agreed_to_is_paid() {
        let table = table();
        let due = BillMoney::from_hundredths(200);
        let refused = Err(SettleRefusal::NotAgreed { due });
        for agreed in [seen(199), seen(201), Agreed::Nothing, Agreed::Version(table.version - 1)] {
            assert_eq!(table.settle(user(7), None, agreed, "RUB", transfer(1)), refused);
        }
        for agreed in [seen(199), seen(201), Agreed::Nothing, Agreed::Version(table.version - 1)] {
            assert_eq!(table.paid_cash(ANN, agreed), Err(CashRefusal::Settle(SettleRefusal::NotAgreed { due })));
        }
        assert!(table.settle(user(7), None, Agreed::Version(table.version), "RUB", transfer(1)).is_ok());
        assert!(table.paid_cash(ANN, Agreed::Version(table.version)).is_ok());
    }

    #[test]
    fn a_refused_transfer_frees_the_due_for_another_attempt() {
        let (pending, _) = table().settle(user(7), None, seen(200), "RUB", transfer(1)).unwrap();
        assert_eq!(pending.settle(user(7), None, seen(200), "RUB", transfer(2)), Err(SettleRefusal::Pending));
        let failed = pending.transfer_failed(transfer(1), RefusalReason::InsufficientFunds).unwrap();
        assert!(!failed.is_frozen());
        let less = failed.claim(ANN, 2, Fraction::new(1, 2).unwrap()).unwrap().unwrap();
        let (again, requested) = less.settle(user(7), None, seen(100), "RUB", transfer(2)).unwrap();
        assert_eq!(requested.amount.hundredths(), 100);
        assert_eq!(again.transfer_failed(transfer(1), RefusalReason::NoAccount), None, "of the past");
    }

    #[test]
    fn a_refused_settlement_has_a_reason() {
        let table = table();
        let settle = |table: &Split, id, named| table.settle(user(id), named, seen(200), "RUB", transfer(1)).map(drop);
        assert_eq!(settle(&table, 7, Some(ParticipantId::OWNER)), Err(SettleRefusal::NotYou));
        assert_eq!(settle(&table, 7, Some(ParticipantId(9))), Err(SettleRefusal::NotYou));
        assert_eq!(settle(&table, 8, None), Err(SettleRefusal::NotHere));
        assert_eq!(settle(&table, 1, None), Err(SettleRefusal::Owner));
        let nothing = table.claim(ANN, 2, Fraction::ZERO).unwrap().unwrap();
        assert_eq!(settle(&nothing, 7, None), Err(SettleRefusal::NothingDue));
        let total = Correction { total_account: Change::Set(BillMoney::from_hundredths(310)), ..Correction::default() };
        let wrong = table.correct(total).unwrap().unwrap();
        assert_eq!(settle(&wrong, 7, None), Err(SettleRefusal::NotPayable));
        assert_eq!(wrong.paid_cash(ANN, seen(200)), Err(CashRefusal::Settle(SettleRefusal::NotPayable)));
    }

    #[test]
    fn cash_counts_as_paid_until_it_is_unmarked() {
        let paid = table().paid_cash(ANN, seen(200)).unwrap();
        assert!(paid.is_settled(&paid.dues()) && paid.is_frozen());
        assert_eq!(paid.paid_cash(ANN, seen(200)), Err(CashRefusal::Settle(SettleRefusal::Settled)));
        assert_eq!(paid.paid_cash(ParticipantId(9), seen(200)), Err(CashRefusal::NoSuchParticipant));
        assert_eq!(paid.delete(), Err(DeleteRefusal::SettlementStarted));
        assert_eq!(table().delete().map(|event| event.hash), Ok(table().hash));
        let unmarked = paid.unmark_cash(ANN).unwrap();
        assert!(!unmarked.is_frozen() && !unmarked.is_settled(&unmarked.dues()));
        assert_eq!(unmarked.unmark_cash(ANN), Err(RefundRefusal::NothingToGiveBack));
    }

    #[test]
    fn equal_is_equal_at_the_end_when_others_join_after_a_payment() {
        let equal = split(&[100]).with_user(7).set_method(Method::Equal, None).unwrap().unwrap();
        let (pending, requested) = equal.settle(user(7), None, seen(50), "RUB", transfer(1)).unwrap();
        assert_eq!(requested.amount.hundredths(), 50);
        let four = pending.transfer_completed(transfer(1)).unwrap().with_user(8).with_user(9);
        let dues = four.dues();
        assert!(dues.of.values().all(|due| due.due().hundredths() == 25));
        let owed = |split: &Split| split.to_pay(&split.dues(), split.participant(ANN).unwrap()).hundredths();
        assert_eq!(owed(&four), -25, "whoever paid more than their part is owed the difference");
        // 50 + 25 + 25 would be all that the bill gives, and the owner eats too.
        let (three, _) = four.settle(user(8), None, seen(25), "RUB", transfer(2)).unwrap();
        let (all, _) = three.settle(user(9), None, seen(25), "RUB", transfer(3)).unwrap();
        let done = all.transfer_completed(transfer(2)).unwrap().transfer_completed(transfer(3)).unwrap();
        assert_eq!(done.collected().hundredths(), 100);
        assert!(!done.is_settled(&done.dues()), "somebody is owed 25");
        let (back, _) = done.refund(ANN, BillMoney::from_hundredths(25), Means::Cash, transfer(4)).unwrap();
        assert!(back.is_settled(&back.dues()));
        assert_eq!(owed(&back), 0);
    }

    #[test]
    fn more_than_the_bill_is_never_collected() {
        let equal = split(&[100]).with_user(7).set_method(Method::Equal, None).unwrap().unwrap();
        let paid = equal.paid_cash(ANN, seen(50)).unwrap();
        let five = paid.with_user(8).with_user(9).with_user(10);
        let pay = |split: &Split, id| split.paid_cash(ParticipantId(id), seen(20));
        let two = pay(&pay(&five, 3).unwrap(), 4).unwrap();
        assert_eq!(two.collected().hundredths(), 90);
        assert_eq!(pay(&two, 5), Err(CashRefusal::Settle(SettleRefusal::TooMuch)));
        let (back, _) = two.refund(ANN, BillMoney::from_hundredths(30), Means::Cash, transfer(1)).unwrap();
        let all = pay(&back, 5).unwrap();
        assert!(all.is_settled(&all.dues()));
        assert_eq!(all.collected().hundredths(), 80, "and the owner bears 20");
    }

    #[test]
    fn a_third_decimal_in_the_currency_of_the_accounts_is_paid_in_cash_only() {
        let mut odd = table();
        odd.cheque.products[1].total = Some(BillMoney::from_thousandths(2_005));
        odd.cheque.total_account = Some(BillMoney::from_thousandths(3_005));
        odd.confirmed = true;
        let due = BillMoney::from_thousandths(2_005);
        let settled = odd.settle(user(7), None, Agreed::Version(odd.version), "RUB", transfer(1));
        assert_eq!(settled, Err(SettleRefusal::NotTransferable { due }));
        assert!(odd.paid_cash(ANN, Agreed::Amount(due)).is_ok());
    }

    #[test]
    fn an_owner_alone_has_settled_nothing() {
        let alone = split(&[100]).set_method(Method::Equal, None).unwrap().unwrap();
        assert!(!alone.is_settled(&alone.dues()));
    }
}
