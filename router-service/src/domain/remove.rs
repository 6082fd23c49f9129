//! A participant leaves or is removed, and the owner closes the cheque for others.

use super::method::{BasisPoints, Method};
use super::participant::ParticipantId;
use super::split::Split;
use contracts::money::BillMoney;

/// Why a participant cannot leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoveRefusal {
    /// There is no participant with this number.
    #[error("the participant does not exist")]
    NoSuchParticipant,
    /// The owner receives the payments.
    #[error("the owner cannot leave")]
    Owner,
    /// They have paid, are paying, or were given money.
    #[error("money of this participant has moved: it must be given back first")]
    SettlementStarted,
    /// They have paid the restaurant.
    #[error("this participant has paid the restaurant: first the owner must say who else has")]
    Advance,
}

impl Split {
    /// Removes a participant. Their claims are free again, and their share with `shares` is gone; a percentage or an
    /// exact amount passes to the owner, who has paid the bill.
    ///
    /// # Errors
    /// [`RemoveRefusal`].
    pub fn remove(&self, id: ParticipantId) -> Result<Self, RemoveRefusal> {
        if id == ParticipantId::OWNER {
            return Err(RemoveRefusal::Owner);
        }
        let participant = self.participant(id).ok_or(RemoveRefusal::NoSuchParticipant)?;
        if participant.settlement.is_started() {
            return Err(RemoveRefusal::SettlementStarted);
        }
        if participant.advance != BillMoney::ZERO {
            return Err(RemoveRefusal::Advance);
        }
        let mut without = self.next();
        without.participants.retain(|participant| participant.id != id);
        without.claims.retain(|(_, who), _| *who != id);
        match &mut without.method {
            Method::Items | Method::Equal => {}
            Method::Shares(shares) => {
                shares.remove(&id);
                // The last weight of all is gone: the owner bears the bill.
                if shares.values().all(|share| *share == 0) {
                    shares.insert(ParticipantId::OWNER, 1);
                }
            }
            Method::Percent(parts) => {
                if let Some(part) = parts.remove(&id) {
                    let owner = parts.get(&ParticipantId::OWNER).map_or(0, |part| part.get());
                    let both = BasisPoints::new(i64::from(owner + part.get())).unwrap_or(BasisPoints::HUNDRED_PERCENT);
                    parts.insert(ParticipantId::OWNER, both);
                }
            }
            Method::Exact(amounts) => {
                if let Some(amount) = amounts.remove(&id) {
                    let owner = amounts.get(&ParticipantId::OWNER).map_or(0, |amount| amount.thousandths());
                    amounts.insert(ParticipantId::OWNER, BillMoney::from_thousandths(owner + amount.thousandths()));
                }
            }
        }
        Ok(without)
    }

    /// Lets others join, or not. `None` if nothing changes.
    pub fn set_joining(&self, open: bool) -> Option<Self> {
        (self.joining_open != open).then(|| Self { joining_open: open, ..self.next() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{pending, split};
    use crate::domain::fraction::Fraction;
    use crate::domain::join::{Identity, JoinRefusal};
    use std::collections::BTreeMap;

    const ANN: ParticipantId = ParticipantId(2);
    const BORIS: ParticipantId = ParticipantId(3);

    #[test]
    fn whoever_leaves_frees_their_claims() {
        let split = split(&[100]).with_guests(2).claimed(ANN, 1, Fraction::WHOLE);
        let left = split.remove(ANN).unwrap();
        assert!(left.claims.is_empty() && left.participant(ANN).is_none());
        assert_eq!(left.with_user(9).last_participant, ParticipantId(4), "a number is never reused");
    }

    #[test]
    fn parts_that_add_up_pass_to_the_owner() {
        let split = split(&[1_000]).with_guests(2);
        let points = |points| BasisPoints::new(points).unwrap();
        let percents =
            BTreeMap::from([(ParticipantId::OWNER, points(5_000)), (ANN, points(3_000)), (BORIS, points(2_000))]);
        let percent = split.set_method(Method::Percent(percents), None).unwrap().unwrap().remove(ANN).unwrap();
        assert_eq!(percent.dues().of(ParticipantId::OWNER).due(), BillMoney::from_hundredths(800));
        assert!(percent.is_payable());
        let amounts =
            BTreeMap::from([(ANN, BillMoney::from_hundredths(700)), (BORIS, BillMoney::from_hundredths(300))]);
        let exact = split.set_method(Method::Exact(amounts), None).unwrap().unwrap().remove(ANN).unwrap();
        assert_eq!(exact.dues().of(ParticipantId::OWNER).due(), BillMoney::from_hundredths(700));
        assert!(exact.is_payable());
        let shares = split.set_method(Method::Shares(BTreeMap::from([(ANN, 1)])), None).unwrap().unwrap();
        assert_eq!(
            shares.remove(ANN).unwrap().dues().of(ParticipantId::OWNER).due(),
            BillMoney::from_hundredths(1_000)
        );
    }

    #[test]
    fn nobody_leaves_with_money_in_the_bill() {
        let mut split = split(&[100]).with_guests(1);
        assert_eq!(split.remove(ParticipantId::OWNER), Err(RemoveRefusal::Owner));
        assert_eq!(split.remove(BORIS), Err(RemoveRefusal::NoSuchParticipant));
        split.participants[1].settlement = pending(1);
        assert_eq!(split.remove(ANN), Err(RemoveRefusal::SettlementStarted));
    }

    #[test]
    fn a_closed_cheque_takes_nobody_new() {
        let closed = split(&[100]).with_user(7).set_joining(false).unwrap();
        let join = |id: i64| {
            let user_id = Some(crate::domain::fixtures::user(id));
            closed.join(Identity { user_id, token: None }, "Имя".into(), None).map(drop)
        };
        assert_eq!(join(8), Err(JoinRefusal::Closed));
        assert_eq!(join(7), Ok(()), "who is here can change their name");
        assert_eq!(closed.set_joining(false), None);
        assert!(closed.set_joining(true).is_some_and(|open| open.joining_open));
    }
}
