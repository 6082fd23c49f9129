//! A participant who has not paid is reminded.

use super::participant::ParticipantId;
use super::reminded::Reminded;
use super::split::Split;
use contracts::money::BillMoney;
use time::{Duration, OffsetDateTime};

/// Within this time after a reminder, another one does not count.
const INTERVAL: Duration = Duration::minutes(1);

/// Why a participant is not reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemindRefusal {
    /// There is no participant with this number.
    #[error("the participant does not exist")]
    NoSuchParticipant,
    /// A transfer was requested and is not answered.
    #[error("a transfer of this participant is pending")]
    Pending,
    /// The bill does not add up, so that the amount is not certain.
    #[error("the cheque does not add up; correct or confirm it before others are asked to pay")]
    NotPayable,
    /// They have nothing to pay, or not to the one who reminds.
    #[error("the participant owes you nothing")]
    NothingDue,
}

/// A reminder.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    /// The new state; `None` if they were reminded less than a minute ago.
    pub split: Option<Split>,
    /// What they have to pay, in the currency of the bill.
    pub amount: BillMoney,
}

impl Split {
    /// Reminds a participant of what they have to pay: the owner of everything, others of what they get.
    ///
    /// # Errors
    /// [`RemindRefusal`].
    pub fn remind(&self, id: ParticipantId, by: ParticipantId, now: OffsetDateTime) -> Result<Reminder, RemindRefusal> {
        let participant = self.participant(id).ok_or(RemindRefusal::NoSuchParticipant)?;
        if participant.settlement.is_moving() {
            return Err(RemindRefusal::Pending);
        }
        if !self.is_payable() {
            return Err(RemindRefusal::NotPayable);
        }
        let plan = self.plan(&self.dues());
        let asked =
            plan.iter().filter(|one| one.from == id && (by == ParticipantId::OWNER || one.to == by) && id != by);
        let amount = BillMoney::from_thousandths(asked.map(|one| one.amount.thousandths()).sum());
        if amount == BillMoney::ZERO {
            return Err(RemindRefusal::NothingDue);
        }
        if participant.reminded.is_some_and(|reminded| now < reminded.at + INTERVAL) {
            return Ok(Reminder { split: None, amount });
        }
        let times = participant.reminded.map_or(0, |reminded| reminded.times).saturating_add(1);
        let mut split = self.next();
        if let Some(participant) = split.participant_mut(id) {
            participant.reminded = Some(Reminded { at: now, times });
        }
        Ok(Reminder { split: Some(split), amount })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{Hundredths, split};
    use crate::domain::fraction::Fraction;
    use crate::domain::settle::Agreed;

    const ANN: ParticipantId = ParticipantId(2);
    const BORIS: ParticipantId = ParticipantId(3);

    #[test]
    fn who_has_not_paid_is_reminded_at_most_once_a_minute() {
        let split = split(&[100, 200]).with_guests(2).claimed(ANN, 2, Fraction::WHOLE);
        let now = split.created_at;
        let first = split.remind(ANN, ParticipantId::OWNER, now).unwrap();
        assert_eq!(first.amount.hundredths(), 200);
        let once = first.split.unwrap();
        assert_eq!(once.participant(ANN).unwrap().reminded, Some(Reminded { at: now, times: 1 }));
        let soon = once.remind(ANN, ParticipantId::OWNER, now + Duration::seconds(59)).unwrap();
        assert_eq!((soon.split, soon.amount.hundredths()), (None, 200));
        let later = once.remind(ANN, ParticipantId::OWNER, now + INTERVAL).unwrap().split.unwrap();
        assert_eq!(later.participant(ANN).unwrap().reminded.unwrap().times, 2);
        let refused = |split: &Split, id, by| split.remind(id, by, now).map(drop).unwrap_err();
        assert_eq!(refused(&split, BORIS, ParticipantId::OWNER), RemindRefusal::NothingDue);
        assert_eq!(refused(&split, ANN, BORIS), RemindRefusal::NothingDue, "Boris gets nothing");
        assert_eq!(refused(&split, ParticipantId(9), ParticipantId::OWNER), RemindRefusal::NoSuchParticipant);
        let paid = split.paid_cash(ANN, Agreed::Version(split.version)).unwrap();
        assert_eq!(refused(&paid, ANN, ParticipantId::OWNER), RemindRefusal::NothingDue);
    }
}
