//! Participants pay the owner by a transfer, or outside the app.

use super::participant::{Attempt, ParticipantId, Settlement};
use super::split::Split;
use contracts::ids::{TransferId, UserId};
use contracts::money::Amount;
use contracts::payments::RefusalReason;
use contracts::router::TransferRequested;

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
    /// Begins a transfer of the user's due. `named` is the participant that the request names. The due and the claims
    /// are fixed from now on, unless the transfer is refused.
    ///
    /// # Errors
    /// [`SettleRefusal`].
    pub fn settle(
        &self,
        user_id: UserId,
        named: Option<ParticipantId>,
        transfer_id: TransferId,
    ) -> Result<(Self, TransferRequested), SettleRefusal> {
        let you = self.participant_of(user_id).map(|participant| participant.id);
        if named.is_some_and(|named| Some(named) != you) {
            return Err(SettleRefusal::NotYou);
        }
        let you = you.ok_or(SettleRefusal::NotHere)?;
        let breakdown = self.payable_due(you)?;
        let attempt = Attempt { transfer_id, breakdown };
        let requested = TransferRequested {
            transfer_id,
            from_user: user_id,
            to_user: self.owner_id,
            amount: Amount::new(attempt.amount()).map_err(|_| SettleRefusal::NothingDue)?,
            hash: self.hash.clone(),
        };
        Ok((self.with_settlement(you, Settlement::Pending(attempt)), requested))
    }

    /// Records that a participant has paid outside the app.
    ///
    /// # Errors
    /// [`CashRefusal`].
    pub fn paid_cash(&self, id: ParticipantId) -> Result<Self, CashRefusal> {
        self.participant(id).ok_or(CashRefusal::NoSuchParticipant)?;
        let breakdown = self.payable_due(id)?;
        Ok(self.with_settlement(id, Settlement::Cash(breakdown)))
    }

    /// Payments has made the transfer. `None` if nothing changes: the event is a repeat, or belongs to an earlier
    /// attempt.
    pub fn transfer_completed(&self, transfer_id: TransferId) -> Option<Self> {
        let (id, attempt) = self.pending(transfer_id)?;
        Some(self.with_settlement(id, Settlement::Paid(attempt)))
    }

    /// Payments has refused the transfer, so the due follows the claims again. `None` if nothing changes.
    pub fn transfer_failed(&self, transfer_id: TransferId, reason: RefusalReason) -> Option<Self> {
        let (id, attempt) = self.pending(transfer_id)?;
        Some(self.with_settlement(id, Settlement::Failed(attempt, reason)))
    }

    /// The due of a participant, if it can be paid now.
    fn payable_due(&self, id: ParticipantId) -> Result<super::breakdown::Breakdown, SettleRefusal> {
        if id == ParticipantId::OWNER {
            return Err(SettleRefusal::Owner);
        }
        match self.participant(id).map(|participant| participant.settlement) {
            None => return Err(SettleRefusal::NotHere),
            Some(Settlement::Pending(_)) => return Err(SettleRefusal::Pending),
            Some(Settlement::Paid(_) | Settlement::Cash(_)) => return Err(SettleRefusal::Settled),
            Some(Settlement::None | Settlement::Failed(..)) => {}
        }
        if !self.is_payable() {
            return Err(SettleRefusal::NotPayable);
        }
        let breakdown = self.dues().of(id);
        Amount::new(breakdown.due()).map(|_| breakdown).map_err(|_| SettleRefusal::NothingDue)
    }

    /// The participant whose pending transfer this is.
    fn pending(&self, transfer_id: TransferId) -> Option<(ParticipantId, Attempt)> {
        self.participants.iter().find_map(|participant| match participant.settlement {
            Settlement::Pending(attempt) if attempt.transfer_id == transfer_id => Some((participant.id, attempt)),
            Settlement::Pending(_)
            | Settlement::None
            | Settlement::Paid(_)
            | Settlement::Failed(..)
            | Settlement::Cash(_) => None,
        })
    }

    fn with_settlement(&self, id: ParticipantId, settlement: Settlement) -> Self {
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
    use crate::domain::fixtures::{split, transfer, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::method::Method;
    use contracts::money::Money;

    const ANN: ParticipantId = ParticipantId(2);

    /// The owner claimed the line of 100, Ann (user 7) the line of 200.
    fn table() -> Split {
        let split = split(&[100, 200]).with_user(7);
        split.claimed(ParticipantId::OWNER, 1, Fraction::WHOLE).claimed(ANN, 2, Fraction::WHOLE)
    }

    #[test]
    fn a_due_is_paid_to_the_owner_and_all_is_settled() {
        let (pending, requested) = table().settle(user(7), Some(ANN), transfer(1)).unwrap();
        assert_eq!((requested.amount.minor(), requested.from_user, requested.to_user), (200, user(7), user(1)));
        assert!(!pending.is_settled(&pending.dues()));
        let paid = pending.transfer_completed(transfer(1)).unwrap();
        assert!(paid.is_settled(&paid.dues()));
        assert_eq!(paid.version, pending.version + 1);
        assert_eq!(paid.transfer_completed(transfer(1)), None, "a repeat");
        assert_eq!(paid.transfer_failed(transfer(1), RefusalReason::NoAccount), None, "late");
        assert_eq!(paid.settle(user(7), None, transfer(2)), Err(SettleRefusal::Settled));
    }

    #[test]
    fn a_refused_transfer_frees_the_due_for_another_attempt() {
        let (pending, _) = table().settle(user(7), None, transfer(1)).unwrap();
        assert_eq!(pending.settle(user(7), None, transfer(2)), Err(SettleRefusal::Pending));
        let failed = pending.transfer_failed(transfer(1), RefusalReason::InsufficientFunds).unwrap();
        assert!(!failed.is_frozen());
        let less = failed.claim(ANN, 2, Fraction::new(1, 2).unwrap()).unwrap().unwrap();
        let (again, requested) = less.settle(user(7), None, transfer(2)).unwrap();
        assert_eq!(requested.amount.minor(), 100);
        assert_eq!(again.transfer_failed(transfer(1), RefusalReason::NoAccount), None, "of the past");
    }

    #[test]
    fn a_refused_settlement_has_a_reason() {
        let table = table();
        assert_eq!(table.settle(user(7), Some(ParticipantId::OWNER), transfer(1)), Err(SettleRefusal::NotYou));
        assert_eq!(table.settle(user(7), Some(ParticipantId(9)), transfer(1)), Err(SettleRefusal::NotYou));
        assert_eq!(table.settle(user(8), None, transfer(1)), Err(SettleRefusal::NotHere));
        assert_eq!(table.settle(user(1), None, transfer(1)), Err(SettleRefusal::Owner));
        let nothing = table.claim(ANN, 2, Fraction::ZERO).unwrap().unwrap();
        assert_eq!(nothing.settle(user(7), None, transfer(1)), Err(SettleRefusal::NothingDue));
        let total = Correction { total_account: Change::Set(Money::from_minor(310)), ..Correction::default() };
        let wrong = table.correct(total).unwrap().unwrap();
        assert_eq!(wrong.settle(user(7), None, transfer(1)), Err(SettleRefusal::NotPayable));
        assert_eq!(wrong.paid_cash(ANN), Err(CashRefusal::Settle(SettleRefusal::NotPayable)));
    }

    #[test]
    fn cash_counts_as_paid() {
        let paid = table().paid_cash(ANN).unwrap();
        assert!(paid.is_settled(&paid.dues()) && paid.is_frozen());
        assert_eq!(paid.paid_cash(ANN), Err(CashRefusal::Settle(SettleRefusal::Settled)));
        assert_eq!(paid.paid_cash(ParticipantId(9)), Err(CashRefusal::NoSuchParticipant));
        assert_eq!(paid.delete(), Err(DeleteRefusal::SettlementStarted));
        assert_eq!(table().delete().map(|event| event.hash), Ok(table().hash));
    }

    #[test]
    fn a_paid_equal_share_does_not_change_when_others_join_later() {
        let equal = split(&[100]).with_user(7).set_method(Method::Equal, None).unwrap().unwrap();
        let (pending, requested) = equal.settle(user(7), None, transfer(1)).unwrap();
        assert_eq!(requested.amount.minor(), 50);
        let three = pending.with_user(8);
        let dues = three.dues();
        assert_eq!(dues.of(ANN).due().minor(), 50);
        assert_eq!(dues.of(ParticipantId::OWNER).due().minor() + dues.of(ParticipantId(3)).due().minor(), 50);
        assert_eq!(dues.unclaimed, Money::ZERO);
    }

    #[test]
    fn an_owner_alone_has_settled_nothing() {
        let alone = split(&[100]).set_method(Method::Equal, None).unwrap().unwrap();
        assert!(!alone.is_settled(&alone.dues()));
    }
}
