//! What a participant can pay now, if they have agreed to it.

use super::participant::{ParticipantId, Settlement};
use super::settle::{Agreed, SettleRefusal};
use super::split::Split;
use contracts::money::{BillAmount, BillMoney, MoneyError};

/// What a participant can pay; `M` as in [`Agreed`].
pub(super) struct Payable<M> {
    pub(super) settlement: Settlement,
    /// Who receives it.
    pub(super) to: ParticipantId,
    /// In the currency of the bill.
    pub(super) amount: BillMoney,
    /// What was agreed to.
    pub(super) pays: M,
}

impl Split {
    /// Who receives what a participant can pay now by the plan, if the request names them or there is only one.
    ///
    /// # Errors
    /// [`SettleRefusal`].
    pub fn receiver(&self, id: ParticipantId, to: Option<ParticipantId>) -> Result<ParticipantId, SettleRefusal> {
        if let Some(to) = to {
            return Ok(to);
        }
        let plan = self.plan(&self.dues());
        let mut receivers = plan.iter().filter(|one| one.from == id).map(|one| one.to);
        match (receivers.next(), receivers.next()) {
            (Some(_), Some(_)) => Err(SettleRefusal::SeveralReceivers),
            (receiver, _) => Ok(receiver.unwrap_or(ParticipantId::OWNER)),
        }
    }

    /// What a participant can pay `to` another one now outside the app, in the currency of the bill.
    pub(super) fn payable_outside(
        &self,
        id: ParticipantId,
        to: Option<ParticipantId>,
        agreed: Agreed<BillMoney>,
    ) -> Result<Payable<BillMoney>, SettleRefusal> {
        let payable = self.payable(id, to, agreed, |due| Ok(due.money()));
        match (agreed, &payable) {
            (Agreed::Amount(other), Err(SettleRefusal::NotAgreed { .. })) => {
                self.require_whole(other)?;
                payable
            }
            _ => payable,
        }
    }

    /// What a participant can pay `to` another one now. `convert` is from the currency of the bill to that in which they
    /// have agreed.
    pub(super) fn payable<M: Copy + PartialEq + Into<BillMoney>>(
        &self,
        id: ParticipantId,
        to: Option<ParticipantId>,
        agreed: Agreed<M>,
        convert: impl FnOnce(BillAmount) -> Result<M, SettleRefusal>,
    ) -> Result<Payable<M>, SettleRefusal> {
        if id == ParticipantId::OWNER && !self.has_several_payers() {
            return Err(SettleRefusal::Owner);
        }
        let participant = self.participant(id).ok_or(SettleRefusal::NotHere)?;
        if self.pays_in_group(id) {
            return Err(SettleRefusal::InGroup);
        }
        let settlement = participant.settlement;
        if settlement.is_moving() {
            return Err(SettleRefusal::Pending);
        }
        let dues = self.dues();
        let all = self.to_pay(&dues, participant);
        if all == BillMoney::ZERO && settlement.is_started() {
            return Err(SettleRefusal::Settled);
        }
        if self.advances_exceed_total() {
            return Err(SettleRefusal::AdvancesExceedTotal);
        }
        if !self.is_payable() {
            return Err(SettleRefusal::NotPayable);
        }
        if all <= BillMoney::ZERO {
            return Err(SettleRefusal::NothingDue);
        }
        let to = self.receiver(id, to)?;
        let due = self
            .plan(&dues)
            .iter()
            .find(|one| (one.from, one.to) == (id, to))
            .map_or(BillMoney::ZERO, |one| one.amount);
        if due == BillMoney::ZERO {
            return Err(SettleRefusal::NotAgreed { due });
        }
        let amount = BillAmount::new(due).map_err(|error| match error {
            MoneyError::NotPositive => SettleRefusal::NothingDue,
            _ => SettleRefusal::TooLarge,
        })?;
        let pays = convert(amount)?;
        let has_agreed = match agreed {
            Agreed::Amount(agreed) => agreed == pays,
            Agreed::Version(version) => version == self.version,
            Agreed::Nothing => false,
        };
        if !has_agreed {
            return Err(SettleRefusal::NotAgreed { due: pays.into() });
        }
        // The plan of several payers gives none of them more than they are owed.
        if !self.has_several_payers() && self.collected().thousandths() + due.thousandths() > dues.total.thousandths() {
            return Err(SettleRefusal::TooMuch);
        }
        Ok(Payable { settlement, to, amount: amount.money(), pays })
    }
}
