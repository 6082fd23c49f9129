//! A member leaves or is removed.

use super::currency::Currency;
use super::group::Group;
use super::member::MemberId;
use super::settlement::SettlementState;

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
        if self.balances(accounts).values().any(|of_currency| of_currency.contains_key(&id)) {
            return Err(LeaveRefusal::Balance);
        }
        Ok(())
    }
}
