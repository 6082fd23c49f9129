//! Payments between participants, if several have paid the restaurant.

use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::Money;

impl Split {
    /// What `from` has paid `to`, less what `to` has paid `from`.
    pub fn paid_between(&self, from: ParticipantId, to: ParticipantId) -> Money {
        let paid = |from, to| self.between.get(&(from, to)).map_or(0, |between| between.paid().minor());
        Money::from_minor(paid(from, to) - paid(to, from))
    }

    /// What a participant has paid others outside the app while several participants have paid the restaurant.
    pub(super) fn cash_between(&self, from: ParticipantId) -> Money {
        let of_one = self.between.iter().filter(|((payer, _), _)| *payer == from);
        Money::from_minor(of_one.map(|(_, between)| between.cash.minor()).sum())
    }

    /// Records a payment outside the app; a negative one takes it back.
    pub(super) fn add_cash(&mut self, from: ParticipantId, to: ParticipantId, amount: Money) {
        if let Some(payer) = self.participant_mut(from) {
            payer.settlement.cash = plus(payer.settlement.cash, amount);
        }
        self.receive(to, amount);
        let between = self.between.entry((from, to)).or_default();
        between.cash = plus(between.cash, amount);
    }

    /// Records that a transfer has arrived, which the payer has sent.
    pub(super) fn add_arrived(&mut self, from: ParticipantId, to: ParticipantId, amount: Money) {
        self.expect_arriving(to, amount.negated());
        self.receive(to, amount);
        let between = self.between.entry((from, to)).or_default();
        between.transferred = plus(between.transferred, amount);
    }

    /// Records that a transfer is on its way; a negative amount, that it is not any more.
    pub(super) fn expect_arriving(&mut self, to: ParticipantId, amount: Money) {
        if let Some(receiver) = self.participant_mut(to) {
            receiver.settlement.arriving = plus(receiver.settlement.arriving, amount);
        }
    }

    fn receive(&mut self, to: ParticipantId, amount: Money) {
        if let Some(receiver) = self.participant_mut(to) {
            receiver.settlement.received = plus(receiver.settlement.received, amount);
        }
    }
}

fn plus(one: Money, other: Money) -> Money {
    Money::from_minor(one.minor() + other.minor())
}
