//! An expense that was entered by hand.

use super::currency::Currency;
use super::member::MemberId;
use crate::domain::apportion::{Seed, apportion};
use contracts::money::{Amount, Money};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use time::{Date, OffsetDateTime};

/// Largest weight of a member.
pub const SHARE_MAX: u32 = 1000;

/// An expense, as it was entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it was for.
    pub title: String,
    /// When the money was spent.
    pub date: Date,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The whole amount.
    pub amount: Amount,
    /// Who has paid it.
    pub paid_by: BTreeMap<MemberId, Money>,
    /// Who bears it.
    pub shares: Shares,
}

/// How an expense is divided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shares {
    /// Equally among these.
    Equal(BTreeSet<MemberId>),
    /// In proportion to weights.
    Shares(BTreeMap<MemberId, u32>),
    /// Amounts that add up to the whole.
    Exact(BTreeMap<MemberId, Money>),
}

/// An expense with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expense {
    /// Number within the group, from 1; never reused.
    pub id: u32,
    /// 1 for the first version, then one more with each edit.
    pub revision: u32,
    /// Who has entered this version.
    pub changed_by: MemberId,
    /// When.
    pub changed_at: OffsetDateTime,
    /// What it is.
    pub entry: Entry,
}

/// Why an entry makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// What was paid is not the amount.
    #[error("must add up to the amount")]
    PaidByOther,
    /// The exact amounts are not the amount.
    #[error("must add up to the amount")]
    ExactOther,
    /// It names no member with a part.
    #[error("must name a member with a part")]
    NoShares,
    /// A part of the smallest unit of the currency.
    #[error("must be whole units of this currency")]
    NotWhole,
}

impl Entry {
    /// Checks that amounts add up and are whole units of the currency.
    ///
    /// # Errors
    /// [`EntryRefusal`].
    pub fn check(&self) -> Result<(), EntryRefusal> {
        let amount = self.amount.money().minor();
        let unit = self.currency.smallest_unit();
        let sum = |amounts: &BTreeMap<MemberId, Money>| {
            amounts.values().try_fold(Money::ZERO, |sum, one| sum.checked_add(*one)).map(Money::minor)
        };
        let is_whole = |amounts: &BTreeMap<MemberId, Money>| amounts.values().all(|one| one.minor() % unit == 0);
        if sum(&self.paid_by) != Some(amount) {
            return Err(EntryRefusal::PaidByOther);
        }
        let exact_is_whole = match &self.shares {
            Shares::Equal(members) if members.is_empty() => return Err(EntryRefusal::NoShares),
            Shares::Shares(weights) if weights.values().all(|weight| *weight == 0) => {
                return Err(EntryRefusal::NoShares);
            }
            Shares::Exact(amounts) if sum(amounts) != Some(amount) => return Err(EntryRefusal::ExactOther),
            Shares::Exact(amounts) => is_whole(amounts),
            Shares::Equal(_) | Shares::Shares(_) => true,
        };
        if amount % unit == 0 && is_whole(&self.paid_by) && exact_is_whole {
            Ok(())
        } else {
            Err(EntryRefusal::NotWhole)
        }
    }

    /// Everyone who is named.
    pub fn members(&self) -> BTreeSet<MemberId> {
        let bearers: Vec<MemberId> = match &self.shares {
            Shares::Equal(members) => members.iter().copied().collect(),
            Shares::Shares(weights) => weights.keys().copied().collect(),
            Shares::Exact(amounts) => amounts.keys().copied().collect(),
        };
        self.paid_by.keys().copied().chain(bearers).collect()
    }

    /// What each bears, in smallest units of the currency. The parts add up to the amount. `seed` decides who gets the odd
    /// unit.
    pub fn parts(&self, seed: Seed) -> BTreeMap<MemberId, Money> {
        let weights: Vec<(MemberId, u64)> = match &self.shares {
            Shares::Equal(members) => members.iter().map(|id| (*id, 1)).collect(),
            Shares::Shares(weights) => weights.iter().map(|(id, weight)| (*id, u64::from(*weight))).collect(),
            Shares::Exact(amounts) => return amounts.clone(),
        };
        let unit = self.currency.smallest_unit();
        let units = Money::from_minor(self.amount.money().minor() / unit);
        let (members, weights): (Vec<MemberId>, Vec<u64>) = weights.into_iter().unzip();
        if members.is_empty() {
            return BTreeMap::new();
        }
        let parts = apportion(units, &weights, seed).into_iter().map(|part| Money::from_minor(part.minor() * unit));
        members.into_iter().zip(parts).collect()
    }
}
