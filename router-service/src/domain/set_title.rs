//! The owner names the bill: where and when something was bought.

use super::split::Split;
use contracts::title::Title;

impl Split {
    /// Sets what the bill is called. A name changes no due, so it can change after money has moved, and lines may still be
    /// edited on the version before. `None` if nothing changes.
    pub fn set_title(&self, title: Title) -> Option<Self> {
        if self.cheque.title() == title {
            return None;
        }
        let mut named = self.next();
        (named.cheque.merchant, named.cheque.purchased_on) = (title.merchant, title.purchased_on);
        Some(named.with_changes_noted(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Correction};
    use crate::domain::fixtures::{pending, split};
    use contracts::money::BillMoney;
    use time::macros::date;

    fn luna() -> Title {
        Title { merchant: Some("Luna".into()), purchased_on: Some(date!(2026 - 02 - 05)) }
    }

    #[test]
    fn a_bill_is_named_after_money_has_moved_too() {
        let mut paid = split(&[100]).with_guests(1);
        paid.participants[1].settlement = pending(1);
        let named = paid.set_title(luna()).unwrap();
        assert_eq!((named.cheque.title(), named.version), (luna(), paid.version + 1));
        assert_eq!(named.dues(), paid.dues());
        assert_eq!(named.set_title(luna()), None);
        assert_eq!(named.set_title(Title::default()).unwrap().cheque, paid.cheque);
    }

    #[test]
    fn a_new_name_is_no_conflict_with_an_edit_of_lines() {
        let seen = split(&[100]);
        let named = seen.set_title(luna()).unwrap();
        let total = Change::Set(BillMoney::from_hundredths(110));
        let edit = Correction { based_on: Some(seen.version), total_account: total, ..Correction::default() };
        let edited = named.correct(edit).unwrap().unwrap();
        assert_eq!(edited.cheque.title(), luna(), "the edit keeps the name");
        let renamed = Correction { merchant: Change::Set("Sol".into()), ..Correction::default() };
        let renamed = edited.correct(renamed).unwrap().unwrap();
        assert_eq!(renamed.cheque_version, edited.cheque_version);
        assert_eq!(renamed.cheque.merchant.as_deref(), Some("Sol"));
    }
}
