//! Money is given back while several participants have paid the restaurant: the one who has received it gives it back.

use super::participant::{Attempt, AttemptState, Direction, ParticipantId};
use super::refund::{Means, RefundRefusal, transferable};
use super::split::Split;
use contracts::ids::TransferId;
use contracts::money::{BillAmount, BillMoney};
use contracts::router::TransferRequested;

impl Split {
    /// `by` gives back to `id` all that they got from them, by any means.
    pub(super) fn give_back_between(
        &self,
        by: ParticipantId,
        id: ParticipantId,
        amount: BillMoney,
        means: Means,
        transfer_id: TransferId,
    ) -> Result<(Self, Option<TransferRequested>), RefundRefusal> {
        let payer = self.participant(id).ok_or(RefundRefusal::NoSuchParticipant)?;
        let receiver = self.participant(by).ok_or(RefundRefusal::NoSuchParticipant)?;
        if self.pays_in_group(id) {
            return Err(RefundRefusal::InGroup);
        }
        if payer.settlement.is_moving() || receiver.settlement.pending().is_some() {
            return Err(RefundRefusal::Pending);
        }
        let (paid, owed) = (self.paid_between(id, by).max(BillMoney::ZERO), BillMoney::ZERO);
        if paid == BillMoney::ZERO {
            return Err(RefundRefusal::NothingToGiveBack);
        }
        let agreed = BillAmount::new(amount).ok().filter(|_| amount == paid);
        let Some(agreed) = agreed else { return Err(self.other_amount(amount, owed, paid)) };
        let mut given = self.next();
        let Means::Balance { conversion } = means else {
            given.add_cash(id, by, amount.negated());
            return Ok((given, None));
        };
        let converted = transferable(conversion, agreed)?;
        let (from_user, to_user) = receiver.user_id.zip(payer.user_id).ok_or(RefundRefusal::Guest)?;
        let (direction, state, transferred) = (Direction::To(id), AttemptState::Pending, converted.money());
        if let Some(receiver) = given.participant_mut(by) {
            receiver.settlement.last = Some(Attempt { transfer_id, direction, amount, transferred, state });
        }
        given.expect_arriving(id, amount);
        let (hash, title, participant_name) = (self.hash.clone(), self.cheque.title().known(), self.name_of(id));
        let amount = converted;
        Ok((
            given,
            Some(TransferRequested {
                transfer_id,
                from_user,
                to_user,
                amount,
                hash,
                title,
                participant_name,
                for_group: false,
            }),
        ))
    }

    /// Takes back everything that was recorded about payments of `id` outside the app to each of the others.
    pub(super) fn unmark_between(&self, id: ParticipantId) -> Result<Self, RefundRefusal> {
        let recorded =
            self.between.iter().filter(|((from, _), between)| *from == id && between.cash != BillMoney::ZERO);
        let recorded: Vec<(ParticipantId, BillMoney)> =
            recorded.map(|((_, to), between)| (*to, between.cash)).collect();
        if recorded.is_empty() {
            return Err(RefundRefusal::NothingToGiveBack);
        }
        let mut unmarked = self.next();
        for (to, cash) in &recorded {
            unmarked.add_cash(id, *to, cash.negated());
        }
        if let Some(payer) = unmarked.participant_mut(id) {
            payer.outside = None;
        }
        // Cash that was given back returns to the receiver, who must not get more than they are owed.
        let dues = unmarked.dues();
        let gets_too_much = |(to, cash): &(ParticipantId, BillMoney)| {
            let receiver = unmarked.participant(*to);
            *cash < BillMoney::ZERO && receiver.is_none_or(|to| unmarked.to_pay(&dues, to) > BillMoney::ZERO)
        };
        if recorded.iter().any(gets_too_much) {
            return Err(RefundRefusal::TooMuch);
        }
        Ok(unmarked)
    }
}
