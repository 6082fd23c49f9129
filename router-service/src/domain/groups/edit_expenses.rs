//! Members enter, edit and delete expenses.

use super::expense::{Entry, EntryRefusal, Expense};
use super::group::{EXPENSES_MAX, Group};
use super::member::MemberId;
use time::OffsetDateTime;

/// Largest number of versions of an expense.
pub const REVISIONS_MAX: u32 = 200;

/// Why an expense is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpenseRefusal {
    /// There is no such expense, or it was deleted.
    #[error("the expense does not exist")]
    NoSuchExpense,
    /// It was edited since.
    #[error("the expense was changed since that version: it is at revision {revision}")]
    Changed {
        /// The version that counts now.
        revision: u32,
    },
    /// It names a member who does not exist or has left.
    #[error("member {0} is not in this group")]
    NotAMember(MemberId),
    /// It makes no sense.
    #[error(transparent)]
    Entry(#[from] EntryRefusal),
    /// The limit is reached.
    #[error("a group has at most {EXPENSES_MAX} expenses, and an expense {REVISIONS_MAX} versions")]
    TooMany,
}

impl Group {
    /// The expense with this number.
    pub fn expense(&self, id: u32) -> Option<&Expense> {
        self.expenses.iter().find(|expense| expense.id == id)
    }

    /// Adds an expense.
    ///
    /// # Errors
    /// [`ExpenseRefusal`].
    pub fn add_expense(&self, by: MemberId, entry: Entry, now: OffsetDateTime) -> Result<Expense, ExpenseRefusal> {
        self.check(&entry, None)?;
        if self.last_expense >= EXPENSES_MAX {
            return Err(ExpenseRefusal::TooMany);
        }
        Ok(Expense { id: self.last_expense + 1, revision: 1, changed_by: by, changed_at: now, entry })
    }

    /// The next version of an expense; `based_on` is the version that was edited. `None` if nothing changes.
    ///
    /// # Errors
    /// [`ExpenseRefusal`].
    pub fn edit_expense(
        &self,
        by: MemberId,
        id: u32,
        based_on: u32,
        entry: Entry,
        now: OffsetDateTime,
    ) -> Result<Option<Expense>, ExpenseRefusal> {
        let old = self.expense(id).ok_or(ExpenseRefusal::NoSuchExpense)?;
        if old.revision != based_on {
            return Err(ExpenseRefusal::Changed { revision: old.revision });
        }
        self.check(&entry, Some(&old.entry))?;
        if old.entry == entry {
            return Ok(None);
        }
        // One version is left for the deletion.
        if old.revision + 1 >= REVISIONS_MAX {
            return Err(ExpenseRefusal::TooMany);
        }
        Ok(Some(Expense { id, revision: old.revision + 1, changed_by: by, changed_at: now, entry }))
    }

    /// The last version of an expense, which marks it as deleted; `based_on` is the version that was seen. Clients that do
    /// not name it delete only what they have edited last, or what was never edited.
    ///
    /// # Errors
    /// [`ExpenseRefusal`].
    pub fn delete_expense(
        &self,
        by: MemberId,
        id: u32,
        based_on: Option<u32>,
        now: OffsetDateTime,
    ) -> Result<Expense, ExpenseRefusal> {
        let old = self.expense(id).ok_or(ExpenseRefusal::NoSuchExpense)?;
        let is_seen = based_on.map_or(old.revision == 1 || old.changed_by == by, |seen| seen == old.revision);
        if !is_seen {
            return Err(ExpenseRefusal::Changed { revision: old.revision });
        }
        Ok(Expense { revision: old.revision + 1, changed_by: by, changed_at: now, ..old.clone() })
    }

    /// Who has left can stay in an expense, but does not come into one.
    fn check(&self, entry: &Entry, old: Option<&Entry>) -> Result<(), ExpenseRefusal> {
        let named_before = old.map(Entry::members).unwrap_or_default();
        let is_known =
            |id: &MemberId| self.member(*id).is_some_and(|member| !member.has_left || named_before.contains(id));
        if let Some(stranger) = entry.members().into_iter().find(|id| !is_known(id)) {
            return Err(ExpenseRefusal::NotAMember(stranger));
        }
        Ok(entry.check()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::groups::expense::{EntryField, Shares};
    use crate::domain::groups::fixtures::{NOW, entry, group, money};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn an_edit_names_the_version_on_which_it_is_based() {
        let mut group = group(3);
        group.expenses.push(group.add_expense(MemberId(1), entry(3000, 1, &[1, 2, 3]), NOW).unwrap());
        let edited = group.edit_expense(MemberId(2), 1, 1, entry(4000, 1, &[1, 2]), NOW).unwrap().unwrap();
        assert_eq!((edited.revision, edited.changed_by), (2, MemberId(2)));
        assert_eq!(group.edit_expense(MemberId(2), 1, 1, entry(3000, 1, &[1, 2, 3]), NOW), Ok(None), "no change");
        group.expenses[0] = edited;
        let late = group.edit_expense(MemberId(3), 1, 1, entry(5000, 1, &[1, 2]), NOW);
        assert_eq!(late, Err(ExpenseRefusal::Changed { revision: 2 }));
        assert_eq!(group.delete_expense(MemberId(3), 2, None, NOW), Err(ExpenseRefusal::NoSuchExpense));
    }

    #[test]
    fn an_expense_that_another_has_edited_is_deleted_only_by_who_has_seen_that() {
        let mut group = group(3);
        group.expenses.push(group.add_expense(MemberId(1), entry(3000, 1, &[1, 2, 3]), NOW).unwrap());
        assert!(group.delete_expense(MemberId(3), 1, None, NOW).is_ok(), "it was never edited");
        group.expenses[0] = group.edit_expense(MemberId(2), 1, 1, entry(4000, 1, &[1, 2]), NOW).unwrap().unwrap();
        let changed = Err(ExpenseRefusal::Changed { revision: 2 });
        assert_eq!(group.delete_expense(MemberId(3), 1, Some(1), NOW), changed);
        assert_eq!(group.delete_expense(MemberId(3), 1, None, NOW), changed);
        assert!(group.delete_expense(MemberId(3), 1, Some(2), NOW).is_ok());
        assert!(group.delete_expense(MemberId(2), 1, None, NOW).is_ok(), "their own edit");
    }

    #[test]
    fn who_has_left_does_not_come_into_a_new_expense() {
        let mut group = group(3);
        group.expenses.push(group.add_expense(MemberId(1), entry(3000, 1, &[1, 2, 3]), NOW).unwrap());
        group.members[2].has_left = true;
        let refusal = ExpenseRefusal::NotAMember(MemberId(3));
        assert_eq!(group.add_expense(MemberId(1), entry(3000, 1, &[1, 3]), NOW), Err(refusal));
        assert!(group.edit_expense(MemberId(1), 1, 1, entry(3300, 1, &[1, 2, 3]), NOW).is_ok(), "they were in it");
    }

    #[test]
    fn amounts_add_up_and_are_whole_units_of_their_currency() {
        let good = entry(1000, 1, &[1, 2]);
        let with = |change: fn(&mut Entry)| {
            let mut entry = good.clone();
            change(&mut entry);
            entry.check()
        };
        assert_eq!(with(|_| ()), Ok(()));
        let paid_by = BTreeMap::from([(MemberId(1), money(999))]);
        assert_eq!(Entry { paid_by, ..good.clone() }.check(), Err(EntryRefusal::PaidByOther));
        let exact = |amounts: [i64; 2]| {
            let mut entry = good.clone();
            let amounts = (1..).zip(amounts).map(|(id, minor)| (MemberId(id), money(minor))).collect();
            entry.shares = Shares::Exact(amounts);
            entry.currency = crate::domain::currency::Currency::new("JPY").unwrap();
            entry.check()
        };
        assert_eq!(exact([400, 600]), Ok(()));
        assert_eq!(exact([400, 700]), Err(EntryRefusal::ExactOther));
        let refused = exact([450, 550]).unwrap_err();
        assert!(matches!(refused, EntryRefusal::NotWhole { at: EntryField::Exact(MemberId(1)), .. }), "{refused}");
        assert_eq!(with(|entry| entry.shares = Shares::Equal(BTreeSet::new())), Err(EntryRefusal::NoShares));
        let weightless = BTreeMap::from([(MemberId(1), 0)]);
        let mut entry = good.clone();
        entry.shares = Shares::Shares(weightless);
        assert_eq!(entry.check(), Err(EntryRefusal::NoShares));
    }
}
