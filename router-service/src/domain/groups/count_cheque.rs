//! The owner of a bill lets it count in a group.

use super::currency::Currency;
use super::group::{CHEQUES_MAX, CountedCheque, Group};
use super::member::MemberId;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use contracts::ids::UserId;
use std::collections::BTreeMap;

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
        self.settlements.iter().any(|settlement| settlement.counts() && settlement.created_at >= cheque.added_at)
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
    use crate::domain::fixtures::split;
    use crate::domain::groups::fixtures::{group, user};

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
}
