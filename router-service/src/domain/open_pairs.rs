//! What people still have to pay each other for a bill.

use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::BillMoney;

/// Who has to pay whom how much for this bill, in its currency. An amount is negative if money has to be given back. What
/// was paid is not in it, so a bill that is settled has no pairs. Nor has one whose dues can't be paid yet.
pub fn open_pairs(split: &Split) -> Vec<(ParticipantId, ParticipantId, BillMoney)> {
    if !split.is_payable() {
        return vec![];
    }
    let dues = split.dues();
    // Who else has paid the restaurant gets it from the owner: a group finds the fewest transfers itself.
    let others = split.participants.iter().filter(|one| one.id != ParticipantId::OWNER);
    let pairs = others.map(|one| (one.id, ParticipantId::OWNER, split.to_pay(&dues, one)));
    pairs.filter(|(_, _, amount)| *amount != BillMoney::ZERO).collect()
}
