//! An expense that was entered by hand.

use super::member::MemberId;
use crate::domain::apportion::{Seed, apportion};
use crate::domain::currency::{Currency, NotWhole};
use contracts::money::{BillAmount, BillMoney};
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
    pub amount: BillAmount,
    /// Who has paid it.
    pub paid_by: BTreeMap<MemberId, BillMoney>,
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
    Exact(BTreeMap<MemberId, BillMoney>),
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
    /// An amount has more decimals than the currency.
    #[error("{refused}")]
    NotWhole {
        /// Where it is.
        at: EntryField,
        /// What is wrong with it.
        refused: NotWhole,
    },
}

/// Where an amount of an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryField {
    /// The whole amount.
    Amount,
    /// What a member has paid.
    PaidBy(MemberId),
    /// The exact part of a member.
    Exact(MemberId),
}

impl Entry {
    /// Checks that amounts add up and have no more decimals than the currency.
    ///
    /// # Errors
    /// [`EntryRefusal`].
    pub fn check(&self) -> Result<(), EntryRefusal> {
        self.check_whole()?;
        let amount = self.amount.money().thousandths();
        let sum = |amounts: &BTreeMap<MemberId, BillMoney>| {
            amounts.values().try_fold(BillMoney::ZERO, |sum, one| sum.checked_add(*one)).map(BillMoney::thousandths)
        };
        if sum(&self.paid_by) != Some(amount) {
            return Err(EntryRefusal::PaidByOther);
        }
        match &self.shares {
            Shares::Equal(members) if members.is_empty() => Err(EntryRefusal::NoShares),
            Shares::Shares(weights) if weights.values().all(|weight| *weight == 0) => Err(EntryRefusal::NoShares),
            Shares::Exact(amounts) if sum(amounts) != Some(amount) => Err(EntryRefusal::ExactOther),
            Shares::Equal(_) | Shares::Shares(_) | Shares::Exact(_) => Ok(()),
        }
    }

    fn check_whole(&self) -> Result<(), EntryRefusal> {
        let whole = [(EntryField::Amount, self.amount.money())];
        let paid = self.paid_by.iter().map(|(id, paid)| (EntryField::PaidBy(*id), *paid));
        let exact = match &self.shares {
            Shares::Exact(amounts) => amounts.iter().map(|(id, part)| (EntryField::Exact(*id), *part)).collect(),
            Shares::Equal(_) | Shares::Shares(_) => vec![],
        };
        for (at, amount) in whole.into_iter().chain(paid).chain(exact) {
            let checked = NotWhole::check(amount, Some(self.currency.as_str()));
            checked.map_err(|refused| EntryRefusal::NotWhole { at, refused })?;
        }
        Ok(())
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
    pub fn parts(&self, seed: Seed) -> BTreeMap<MemberId, BillMoney> {
        let weights: Vec<(MemberId, u64)> = match &self.shares {
            Shares::Equal(members) => members.iter().map(|id| (*id, 1)).collect(),
            Shares::Shares(weights) => weights.iter().map(|(id, weight)| (*id, u64::from(*weight))).collect(),
            Shares::Exact(amounts) => return amounts.clone(),
        };
        let unit = self.currency.smallest_unit();
        let units = BillMoney::from_thousandths(self.amount.money().thousandths() / unit);
        let (members, weights): (Vec<MemberId>, Vec<u64>) = weights.into_iter().unzip();
        if members.is_empty() {
            return BTreeMap::new();
        }
        let parts = apportion(units, &weights, seed)
            .into_iter()
            .map(|part| BillMoney::from_thousandths(part.thousandths() * unit));
        members.into_iter().zip(parts).collect()
    }
}
