//! People join a group, or are added without an account.

use super::group::{Group, MEMBERS_MAX};
use super::member::{Member, MemberId};
use crate::domain::currency::Currency;
use contracts::ids::UserId;

/// Why joining is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefusal {
    /// There are already [`MEMBERS_MAX`] members.
    #[error("at most {MEMBERS_MAX} members can be in a group")]
    TooMany,
    /// The owner has closed the group.
    #[error("the owner has closed this group: nobody can join any more")]
    Closed,
    /// The member to become has an account, or does not exist.
    #[error("there is no member without an account with this number")]
    NotFree,
    /// They are another member already.
    #[error("you are another member of this group already")]
    OtherMember,
}

impl Group {
    /// The user joins, or changes their name. With `as_member` they become a member who had no account so far, with
    /// everything that this member has shared. Who was in the group before is the same member again.
    ///
    /// # Errors
    /// [`JoinRefusal`].
    pub fn join(
        &self,
        user_id: UserId,
        name: String,
        as_member: Option<MemberId>,
        accounts: Currency,
    ) -> Result<Member, JoinRefusal> {
        let known = self.members.iter().find(|member| member.user_id == Some(user_id));
        if let Some(known) = known.filter(|known| !known.has_left) {
            if as_member.is_some_and(|wanted| wanted != known.id) {
                return Err(JoinRefusal::OtherMember);
            }
            return Ok(Member { name, ..known.clone() });
        }
        // Who owes something, or is owed it, can always come back to settle up.
        let returns = known.is_some_and(|known| self.has_open_balance(known.id, accounts));
        if !self.joining_open && !returns {
            return Err(JoinRefusal::Closed);
        }
        if let Some(known) = known {
            self.require_room()?;
            return Ok(Member { name, has_left: false, ..known.clone() });
        }
        if let Some(id) = as_member {
            let free = self.member(id).filter(|member| member.user_id.is_none() && !member.has_left);
            let free = free.ok_or(JoinRefusal::NotFree)?;
            return Ok(Member { name, user_id: Some(user_id), ..free.clone() });
        }
        self.new_member(name, Some(user_id))
    }

    /// Adds a person without an account.
    ///
    /// # Errors
    /// [`JoinRefusal::TooMany`].
    pub fn add_person(&self, name: String) -> Result<Member, JoinRefusal> {
        self.new_member(name, None)
    }

    fn new_member(&self, name: String, user_id: Option<UserId>) -> Result<Member, JoinRefusal> {
        self.require_room()?;
        Ok(Member { id: MemberId(self.last_member.0 + 1), name, user_id, has_left: false })
    }

    fn require_room(&self) -> Result<(), JoinRefusal> {
        let here = self.members.iter().filter(|member| !member.has_left).count();
        if here < MEMBERS_MAX { Ok(()) } else { Err(JoinRefusal::TooMany) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::groups::fixtures::{NOW, entry, group, roubles, user};

    #[test]
    fn who_comes_back_is_the_same_member() {
        let mut group = group(2);
        group.members[1].has_left = true;
        let back = group.join(user(2), "Boris".into(), None, roubles()).unwrap();
        assert_eq!((back.id, back.has_left, back.name.as_str()), (MemberId(2), false, "Boris"));
        assert_eq!(
            group.join(user(9), "Vera".into(), None, roubles()).unwrap().id,
            MemberId(3),
            "a number is never reused"
        );
        group.joining_open = false;
        assert_eq!(group.join(user(2), "Boris".into(), None, roubles()), Err(JoinRefusal::Closed));
        assert_eq!(
            group.join(user(1), "Ann".into(), Some(MemberId(2)), roubles()),
            Err(JoinRefusal::OtherMember),
            "a member does not become another one"
        );
        let expense = group.add_expense(MemberId(1), entry(100, 1, &[1]), NOW).unwrap();
        group.expenses.push(crate::domain::groups::expense::Expense { entry: entry(100, 1, &[1, 2]), ..expense });
        let back = group.join(user(2), "Boris".into(), None, roubles()).unwrap();
        assert_eq!(back.id, MemberId(2), "who owes something can always come back");
        assert_eq!(
            group.join(user(1), "Ann".into(), None, roubles()).unwrap().id,
            MemberId(1),
            "members change their name"
        );
    }

    #[test]
    fn a_user_becomes_a_member_without_an_account_but_no_other_user() {
        let mut group = group(2);
        let vera = group.add_person("Vera".into()).unwrap();
        group.members.push(vera);
        let joined = group.join(user(9), "Vera".into(), Some(MemberId(3)), roubles()).unwrap();
        assert_eq!((joined.id, joined.user_id), (MemberId(3), Some(user(9))));
        assert_eq!(group.join(user(9), "Vera".into(), Some(MemberId(2)), roubles()), Err(JoinRefusal::NotFree));
        assert_eq!(group.join(user(9), "Vera".into(), Some(MemberId(7)), roubles()), Err(JoinRefusal::NotFree));
    }
}
