//! Payments between participants, if several have paid the restaurant.

use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::BillMoney;

impl Split {
    /// What `from` has paid `to`, less what `to` has paid `from`.
    pub fn paid_between(&self, from: ParticipantId, to: ParticipantId) -> BillMoney {
        let paid = |from, to| self.between.get(&(from, to)).map_or(0, |between| between.paid().thousandths());
        BillMoney::from_thousandths(paid(from, to) - paid(to, from))
    }

    /// What a participant has paid others outside the app while several participants have paid the restaurant.
    pub(super) fn cash_between(&self, from: ParticipantId) -> BillMoney {
        let of_one = self.between.iter().filter(|((payer, _), _)| *payer == from);
        BillMoney::from_thousandths(of_one.map(|(_, between)| between.cash.thousandths()).sum())
    }

    /// Records a payment outside the app; a negative one takes it back.
    pub(super) fn add_cash(&mut self, from: ParticipantId, to: ParticipantId, amount: BillMoney) {
        if let Some(payer) = self.participant_mut(from) {
            payer.settlement.cash = plus(payer.settlement.cash, amount);
        }
        self.receive(to, amount);
        let between = self.between.entry((from, to)).or_default();
        between.cash = plus(between.cash, amount);
    }

    /// Records that a transfer has arrived, which the payer has sent.
    pub(super) fn add_arrived(&mut self, from: ParticipantId, to: ParticipantId, amount: BillMoney) {
        self.expect_arriving(to, amount.negated());
        self.receive(to, amount);
        let between = self.between.entry((from, to)).or_default();
        between.transferred = plus(between.transferred, amount);
    }

    /// Records that a transfer is on its way; a negative amount, that it is not any more.
    pub(super) fn expect_arriving(&mut self, to: ParticipantId, amount: BillMoney) {
        if let Some(receiver) = self.participant_mut(to) {
            receiver.settlement.arriving = plus(receiver.settlement.arriving, amount);
        }
    }

    fn receive(&mut self, to: ParticipantId, amount: BillMoney) {
        if let Some(receiver) = self.participant_mut(to) {
            receiver.settlement.received = plus(receiver.settlement.received, amount);
        }
    }
}

fn plus(one: BillMoney, other: BillMoney) -> BillMoney {
    BillMoney::from_thousandths(one.thousandths() + other.thousandths())
}
