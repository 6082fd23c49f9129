//! A member leaves or is removed.

use super::balances::Balances;
use super::group::Group;
use super::member::{Member, MemberId};
use super::settlement::SettlementState;
use crate::domain::currency::Currency;
use contracts::money::BillMoney;

/// Why a member cannot leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaveRefusal {
    /// There is no member with this number, or they have left.
    #[error("the member does not exist")]
    NoSuchMember,
    /// The owner of the group stays.
    #[error("the owner of the group cannot leave")]
    Owner,
    /// They owe something, or are owed it.
    #[error("the balance of this member is not zero: settle up first")]
    Balance,
    /// A payment of theirs has no answer.
    #[error("a payment of this member is pending")]
    Pending,
}

impl Group {
    /// A member who has left, and whose balance is another one in the group `after` a change. They left with a balance of
    /// zero, and would not see that they owe something again.
    pub fn left_and_charged<'a>(&'a self, after: &Self, accounts: Currency) -> Option<&'a Member> {
        let (before, after) = (self.balances(accounts), after.balances(accounts));
        let of = |balances: &Balances, id: MemberId| -> Vec<(Currency, BillMoney)> {
            let theirs = balances.iter().filter_map(|(currency, all)| Some((*currency, *all.get(&id)?)));
            theirs.collect()
        };
        self.members.iter().find(|member| member.has_left && of(&before, member.id) != of(&after, member.id))
    }

    /// Whether the member owes something, or is owed it.
    pub fn has_open_balance(&self, id: MemberId, accounts: Currency) -> bool {
        self.balances(accounts).values().any(|of_currency| of_currency.contains_key(&id))
    }

    /// Whether the member can leave.
    ///
    /// # Errors
    /// [`LeaveRefusal`].
    pub fn leave(&self, id: MemberId, accounts: Currency) -> Result<(), LeaveRefusal> {
        let member = self.member(id).filter(|member| !member.has_left).ok_or(LeaveRefusal::NoSuchMember)?;
        if member.user_id == Some(self.owner_id) {
            return Err(LeaveRefusal::Owner);
        }
        let is_theirs = |settlement: &&super::settlement::Settlement| settlement.from == id || settlement.to == id;
        if self.settlements.iter().filter(is_theirs).any(|theirs| theirs.state == SettlementState::Pending) {
            return Err(LeaveRefusal::Pending);
        }
        if self.has_open_balance(id, accounts) {
            return Err(LeaveRefusal::Balance);
        }
        Ok(())
    }
}
