//! An expense as JSON.

use crate::domain::apportion::Seed;
use crate::domain::groups::expense::{Expense, Shares};
use crate::domain::groups::member::MemberId;
use contracts::money::{BillAmount, BillMoney};
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// An expense that was entered by hand. What it adds to a balance is the part of a member less what they have paid.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Expense)]
pub struct ExpenseJson {
    /// Number within the group.
    pub id: u32,
    /// The version; an edit names the one on which it is based.
    pub revision: u32,
    /// What it was for.
    pub title: String,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub date: String,
    /// Its currency.
    pub currency: String,
    /// The whole amount.
    pub amount: BillAmount,
    /// Who has paid it, by member.
    pub paid_by: BTreeMap<String, BillMoney>,
    /// `equal`, `shares` or `exact`.
    pub split: &'static str,
    /// Only for `equal`: among these members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<u32>>,
    /// Only for `shares`: weights by member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<BTreeMap<String, u32>>,
    /// Only for `exact`: amounts by member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amounts: Option<BTreeMap<String, BillMoney>>,
    /// What each bears, by member. The parts add up to the amount.
    pub parts: BTreeMap<String, BillMoney>,
    /// The member who has entered this version.
    pub changed_by: u32,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub changed_at: OffsetDateTime,
}

impl ExpenseJson {
    /// Builds the JSON form; `seed` is that of the expense.
    pub fn of(expense: &Expense, seed: Seed) -> Self {
        let entry = &expense.entry;
        let (split, members, shares, amounts) = match &entry.shares {
            Shares::Equal(members) => ("equal", Some(members.iter().map(|id| id.0).collect()), None, None),
            Shares::Shares(weights) => ("shares", None, Some(by_member(weights)), None),
            Shares::Exact(amounts) => ("exact", None, None, Some(by_member(amounts))),
        };
        Self {
            id: expense.id,
            revision: expense.revision,
            title: entry.title.clone(),
            date: entry.date.to_string(),
            currency: entry.currency.to_string(),
            amount: entry.amount,
            paid_by: by_member(&entry.paid_by),
            split,
            members,
            shares,
            amounts,
            parts: by_member(&entry.parts(seed)),
            changed_by: expense.changed_by.0,
            changed_at: expense.changed_at,
        }
    }
}

fn by_member<T: Copy>(parts: &BTreeMap<MemberId, T>) -> BTreeMap<String, T> {
    parts.iter().map(|(id, part)| (id.to_string(), *part)).collect()
}
