//! Payments has answered a transfer.

use super::participant::{Attempt, AttemptState, Direction, ParticipantId, Settlement};
use super::split::Split;
use contracts::ids::TransferId;
use contracts::money::BillMoney;
use contracts::payments::RefusalReason;

impl Split {
    /// Payments has made the transfer. `None` if nothing changes: the event is a repeat, or belongs to an earlier
    /// attempt.
    pub fn transfer_completed(&self, transfer_id: TransferId) -> Option<Self> {
        let (id, settlement, attempt) = self.pending(transfer_id)?;
        let transferred =
            BillMoney::from_thousandths(settlement.transferred.thousandths() + attempt.signed().thousandths());
        let last = Some(Attempt { state: AttemptState::Done, ..attempt });
        let mut completed = self.with_settlement(id, Settlement { transferred, last, ..settlement });
        if let Direction::To(to) = attempt.direction {
            completed.add_arrived(id, to, attempt.amount);
        }
        Some(completed)
    }

    /// Payments has refused the transfer, so nothing has moved. `None` if nothing changes.
    pub fn transfer_failed(&self, transfer_id: TransferId, reason: RefusalReason) -> Option<Self> {
        let (id, settlement, attempt) = self.pending(transfer_id)?;
        let last = Some(Attempt { state: AttemptState::Failed(reason), ..attempt });
        let mut failed = self.with_settlement(id, Settlement { last, ..settlement });
        if let Direction::To(to) = attempt.direction {
            failed.expect_arriving(to, attempt.amount.negated());
        }
        Some(failed)
    }

    /// The participant whose pending transfer this is.
    fn pending(&self, transfer_id: TransferId) -> Option<(ParticipantId, Settlement, Attempt)> {
        self.participants.iter().find_map(|participant| {
            let attempt = participant.settlement.pending().filter(|attempt| attempt.transfer_id == transfer_id)?;
            Some((participant.id, participant.settlement, attempt))
        })
    }
}
