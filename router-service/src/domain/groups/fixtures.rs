//! Groups for tests, valid by default.

use super::expense::{Entry, Shares};
use super::group::Group;
use super::member::{Member, MemberId};
use crate::domain::currency::Currency;
use contracts::ids::{ChequeHash, UserId};
use contracts::money::{BillAmount, BillMoney};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::macros::{date, datetime};

pub(super) const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

/// The currency of the accounts.
pub(super) fn roubles() -> Currency {
    Currency::new("RUB").unwrap()
}

/// A group of user 1 with this number of members; user `n` is member `n`.
pub(super) fn group(members: u32) -> Group {
    let mut group = Group::create(ChequeHash::from_random([5; 22]), "Flat".into(), user(1), "Ann".into());
    for id in 2..=members {
        let user_id = Some(user(i64::from(id)));
        group.members.push(Member { id: MemberId(id), name: format!("Member {id}"), user_id, has_left: false });
    }
    group.last_member = MemberId(members);
    group
}

/// An expense in roubles that one member has paid, and that these share equally.
pub(super) fn entry(minor: i64, paid_by: u32, among: &[u32]) -> Entry {
    Entry {
        title: "Food".into(),
        date: date!(2026 - 11 - 20),
        currency: roubles(),
        amount: BillAmount::new(money(minor)).unwrap(),
        paid_by: BTreeMap::from([(MemberId(paid_by), money(minor))]),
        shares: Shares::Equal(among.iter().map(|id| MemberId(*id)).collect()),
    }
}

pub(super) fn user(id: i64) -> UserId {
    UserId::try_from(id).unwrap()
}

pub(super) fn money(minor: i64) -> BillMoney {
    BillMoney::from_hundredths(minor)
}
