//! A group with everything that counts in it.

use super::expense::Expense;
use super::member::{Member, MemberId};
use super::settlement::Settlement;
use crate::domain::apportion::Seed;
use crate::domain::currency::Currency;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use contracts::ids::{ChequeHash, UserId};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Largest number of members of a group at a time.
pub const MEMBERS_MAX: usize = 50;
/// Largest number of expenses of a group, deleted ones too.
pub const EXPENSES_MAX: u32 = 2000;
/// Largest number of bills of a group.
pub const CHEQUES_MAX: usize = 200;
/// Largest number of payments of a group.
pub const SETTLEMENTS_MAX: usize = 5000;

/// A group. Its operations are in the sibling modules; each returns what has to be stored.
///
/// Invariants: members are sorted by id and expenses too. Expenses, bills and settlements refer to members. Every amount is
/// at most `BillAmount::MAX`, so with the limits above no sum exceeds 64 bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The key of the invite link. It has the form of a bill's key, because the event of a transfer carries it in its place.
    pub key: ChequeHash,
    /// Its name.
    pub name: String,
    /// The user who created it.
    pub owner_id: UserId,
    /// Whether others can join.
    pub joining_open: bool,
    /// All who are or were in it.
    pub members: Vec<Member>,
    /// The highest member number so far.
    pub last_member: MemberId,
    /// Expenses that are not deleted.
    pub expenses: Vec<Expense>,
    /// The highest expense number so far.
    pub last_expense: u32,
    /// The bills that count in it.
    pub cheques: Vec<CountedCheque>,
    /// Payments between members: all but refused ones, and the latest of these.
    pub settlements: Vec<Settlement>,
}

/// A bill that counts in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct CountedCheque {
    /// The bill.
    pub split: Split,
    /// When it was put into the group.
    pub added_at: OffsetDateTime,
    /// Which participant is which member. The others pay on the bill.
    pub members: BTreeMap<ParticipantId, MemberId>,
}

impl Group {
    /// Creates a group with its owner as the first member.
    pub fn create(key: ChequeHash, name: String, owner_id: UserId, owner_name: String) -> Self {
        let owner = Member { id: MemberId(1), name: owner_name, user_id: Some(owner_id), has_left: false };
        Self {
            key,
            name,
            owner_id,
            joining_open: true,
            last_member: owner.id,
            members: vec![owner],
            expenses: vec![],
            last_expense: 0,
            cheques: vec![],
            settlements: vec![],
        }
    }

    /// The member with this number, also one who left.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    /// The member who is this user, and has not left.
    pub fn member_of(&self, user_id: UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.user_id == Some(user_id) && !member.has_left)
    }

    /// Who gets the odd unit of an expense: another one for each expense, so that it is not always the same member.
    pub fn seed_of(&self, expense: u32) -> Seed {
        Seed::of(&self.key).with(expense)
    }

    /// The currency of a bill; one without a currency is in that of the accounts.
    pub fn currency_of(split: &Split, accounts: Currency) -> Currency {
        split.cheque.currency.as_deref().and_then(Currency::new).unwrap_or(accounts)
    }
}
