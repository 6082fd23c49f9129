//! The owner of a bill lets it count in a group.

use super::group::{CHEQUES_MAX, CountedCheque, Group};
use super::member::MemberId;
use crate::domain::currency::Currency;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use contracts::ids::UserId;
use std::collections::BTreeMap;
use time::Duration;

/// How far the clocks of two replicas may be apart: a payment that seems to be a little older than the bill counts as newer.
const CLOCKS_APART_MAX: Duration = Duration::MINUTE;

/// Why a bill does not count in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountRefusal {
    /// Only the owner of a bill puts it into a group.
    #[error("only the owner of the bill can put it into a group")]
    NotTheOwner,
    /// It counts in another group.
    #[error("the bill counts in another group")]
    Elsewhere,
    /// There is no participant with this number.
    #[error("participant {0} does not exist")]
    NoSuchParticipant(ParticipantId),
    /// There is no member with this number, or they have left.
    #[error("member {0} is not in this group")]
    NotAMember(MemberId),
    /// The participant is a user who is another member.
    #[error("participant {0} is another member, by their account")]
    OtherMember(ParticipantId),
    /// The limit is reached.
    #[error("a group has at most {CHEQUES_MAX} bills")]
    TooMany,
    /// Members have paid each other since: on the bill, they would pay again.
    #[error("members have settled since this bill came into the group, so its dues stay in the group")]
    Settled,
}

impl Group {
    /// Which participants of the bill are members, in addition to those who are by their user: those in `said`, and
    /// otherwise those with the name of a single member.
    ///
    /// # Errors
    /// [`CountRefusal`].
    pub fn count_cheque(
        &self,
        split: &Split,
        by: UserId,
        said: BTreeMap<ParticipantId, MemberId>,
    ) -> Result<BTreeMap<ParticipantId, MemberId>, CountRefusal> {
        if split.owner_id != by {
            return Err(CountRefusal::NotTheOwner);
        }
        let here = self.counted(split);
        if here.is_none() && self.cheques.len() >= CHEQUES_MAX {
            return Err(CountRefusal::TooMany);
        }
        for (participant, member) in &said {
            let named = split.participant(*participant).ok_or(CountRefusal::NoSuchParticipant(*participant))?;
            self.member(*member).filter(|member| !member.has_left).ok_or(CountRefusal::NotAMember(*member))?;
            let by_user = named.user_id.and_then(|user_id| self.member_of(user_id));
            if by_user.is_some_and(|by_user| by_user.id != *member) {
                return Err(CountRefusal::OtherMember(*participant));
            }
        }
        let mut members = said;
        for participant in &split.participants {
            let is_user = participant.user_id.is_some_and(|user_id| self.member_of(user_id).is_some());
            let by_name = participant.name.as_deref().and_then(|name| self.only_member_named(name));
            if let (false, Some(member)) = (is_user, by_name) {
                members.entry(participant.id).or_insert(member);
            }
        }
        let pays_on_bill = |id: &ParticipantId| {
            let user_id = split.participant(*id).and_then(|participant| participant.user_id);
            !members.contains_key(id) && user_id.and_then(|user_id| self.member_of(user_id)).is_none()
        };
        if here.is_some_and(|here| self.has_settled_since(here) && here.members.keys().any(pays_on_bill)) {
            return Err(CountRefusal::Settled);
        }
        Ok(members)
    }

    /// Whether the bill can be taken out of the group: nothing of it is open between members, or nothing was paid in the
    /// group since it came in.
    ///
    /// # Errors
    /// [`CountRefusal::Settled`].
    pub fn uncount_cheque(&self, split: &Split, accounts: Currency) -> Result<(), CountRefusal> {
        let is_open = |here: &&CountedCheque| self.has_settled_since(here) && !here.debts(accounts).is_empty();
        if self.counted(split).as_ref().is_some_and(is_open) { Err(CountRefusal::Settled) } else { Ok(()) }
    }

    fn counted(&self, split: &Split) -> Option<&CountedCheque> {
        self.cheques.iter().find(|counted| counted.split.hash == split.hash)
    }

    fn has_settled_since(&self, cheque: &CountedCheque) -> bool {
        let since = cheque.added_at - CLOCKS_APART_MAX;
        self.settlements.iter().any(|settlement| settlement.counts() && settlement.created_at >= since)
    }

    /// The member with this name, if there is only one and they have no account: a user is recognised by their account.
    fn only_member_named(&self, name: &str) -> Option<MemberId> {
        let name = name.to_lowercase();
        let mut same = self.members.iter().filter(|member| !member.has_left && member.name.to_lowercase() == name);
        let first = same.next()?;
        (same.next().is_none() && first.user_id.is_none()).then_some(first.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::{split, transfer};
    use crate::domain::groups::fixtures::{NOW, group, roubles, user};
    use crate::domain::groups::settlement::{Settlement, SettlementState};
    use crate::domain::method::Method;
    use contracts::money::{BillAmount, BillMoney};

    #[test]
    fn participants_are_members_by_their_user_or_by_name() {
        let mut group = group(2);
        let vera = group.add_person("имя".into()).unwrap();
        group.members.push(vera);
        let split = split(&[1000]).with_user(2).with_guests(1);
        let members = group.count_cheque(&split, user(1), BTreeMap::new()).unwrap();
        assert_eq!(members, BTreeMap::from([(ParticipantId(3), MemberId(3))]), "users need no entry");
        let said = |participant, member| BTreeMap::from([(ParticipantId(participant), MemberId(member))]);
        assert_eq!(group.count_cheque(&split, user(1), said(3, 2)), Ok(said(3, 2)));
        let refused = |participant, member| group.count_cheque(&split, user(1), said(participant, member)).unwrap_err();
        assert_eq!(refused(2, 3), CountRefusal::OtherMember(ParticipantId(2)));
        assert_eq!(refused(9, 3), CountRefusal::NoSuchParticipant(ParticipantId(9)));
        assert_eq!(refused(3, 9), CountRefusal::NotAMember(MemberId(9)));
        assert_eq!(group.count_cheque(&split, user(2), BTreeMap::new()), Err(CountRefusal::NotTheOwner));
    }

    #[test]
    fn two_members_of_one_name_are_not_guessed() {
        let mut group = group(1);
        for _ in 0..2 {
            let person = group.add_person("Имя".into()).unwrap();
            group.last_member = person.id;
            group.members.push(person);
        }
        let split = split(&[1000]).with_guests(1);
        assert_eq!(group.count_cheque(&split, user(1), BTreeMap::new()), Ok(BTreeMap::new()));
    }

    #[test]
    fn a_bill_leaves_its_group_unless_it_is_open_and_was_settled_since_or_by_a_clock_that_is_late() {
        let mut group = group(2);
        let split = split(&[1000]).with_user(2).set_method(Method::Equal, None).unwrap().unwrap();
        let members = BTreeMap::from([(ParticipantId(1), MemberId(1)), (ParticipantId(2), MemberId(2))]);
        group.cheques.push(CountedCheque { split: split.clone(), added_at: NOW, members });
        assert_eq!(group.uncount_cheque(&split, roubles()), Ok(()), "no payment");
        let paid = Settlement {
            id: transfer(1),
            from: MemberId(2),
            to: MemberId(1),
            currency: roubles(),
            amount: BillAmount::new(BillMoney::from_hundredths(500)).unwrap(),
            users: None,
            recorded_by: MemberId(1),
            created_at: NOW,
            state: SettlementState::Paid,
        };
        for (created_at, state, expected) in [
            (NOW - Duration::HOUR, SettlementState::Paid, Ok(())),
            (NOW - Duration::SECOND, SettlementState::Paid, Err(CountRefusal::Settled)),
            (NOW + Duration::HOUR, SettlementState::Pending, Err(CountRefusal::Settled)),
            (NOW + Duration::HOUR, SettlementState::Withdrawn, Ok(())),
        ] {
            group.settlements = vec![Settlement { created_at, state, ..paid }];
            assert_eq!(group.uncount_cheque(&split, roubles()), expected, "{created_at} {state:?}");
        }
    }

    #[test]
    fn after_a_payment_a_participant_stays_a_member() {
        let mut group = group(1);
        let vera = group.add_person("Vera".into()).unwrap();
        group.members.push(vera);
        let split = split(&[1000]).with_guests(1).set_method(Method::Equal, None).unwrap().unwrap();
        let said = BTreeMap::from([(ParticipantId(2), MemberId(2))]);
        let members = BTreeMap::from([(ParticipantId(1), MemberId(1)), (ParticipantId(2), MemberId(2))]);
        group.cheques.push(CountedCheque { split: split.clone(), added_at: NOW, members });
        let (from, to, amount) = (MemberId(2), MemberId(1), BillAmount::new(BillMoney::from_hundredths(500)).unwrap());
        let (users, recorded_by, state) = (None, MemberId(1), SettlementState::Paid);
        let (id, currency, created_at) = (transfer(1), roubles(), NOW);
        group.settlements.push(Settlement { id, from, to, currency, amount, users, recorded_by, created_at, state });
        assert_eq!(group.count_cheque(&split, user(1), BTreeMap::new()), Err(CountRefusal::Settled));
        assert_eq!(group.count_cheque(&split, user(1), said.clone()), Ok(said));
    }
}
