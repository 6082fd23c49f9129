//! Edits of single lines, each based on the version at which its line was read.

use super::corrected_line::{Change, Line, added_line, corrected_line};
use super::split::Split;
use contracts::cheque::Product;
use contracts::money::BillMoney;
use contracts::quantity::Quantity;
use std::collections::BTreeSet;

/// Edits of some lines; the others stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEdits {
    /// Lines that are changed.
    pub set: Vec<LineEdit>,
    /// New lines, whose `id` is `None`. They come last.
    pub add: Vec<Line>,
    /// Lines that are removed.
    pub remove: Vec<SeenLine>,
}

/// A line as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenLine {
    /// Its number.
    pub id: u32,
    /// The version of the state in which it was read, or at which it was last changed before.
    pub version: i64,
}

/// What is changed of a line; the rest of it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineEdit {
    /// The line.
    pub seen: SeenLine,
    /// Name of the dish or product.
    pub name: Option<String>,
    /// Quantity.
    pub number_servings: Option<Quantity>,
    /// Price of one serving; as in [`Line::price`] if it is not set.
    pub price: Option<BillMoney>,
    /// Total price of the line.
    pub total: Change<BillMoney>,
    /// Sub-lines.
    pub modifiers: Option<Vec<String>>,
}

/// The lists of [`LineEdits`] that name lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditList {
    /// `set`
    Set,
    /// `remove`
    Remove,
}

/// Why edits are malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditRefusal {
    /// A line occurs twice.
    #[error("line {id} occurs twice")]
    EditedTwice {
        /// The list of its second occurrence.
        list: EditList,
        /// The index there, from 0.
        at: usize,
        /// Its line number.
        id: u32,
    },
    /// An edit names a version that does not exist yet.
    #[error("must be a version that you have read: the last one is {version}")]
    NotYet {
        /// The list of the edit.
        list: EditList,
        /// The index there, from 0.
        at: usize,
        /// The version of the state.
        version: i64,
    },
}

/// The lines after edits, or those that were changed since they were read.
pub(super) struct Edited {
    pub(super) lines: Vec<Product>,
    pub(super) conflicts: Vec<u32>,
}

impl Split {
    /// Applies edits of lines. What is already as it is wanted is no conflict, so a repeated edit is none. A
    /// computed price is rounded to `unit` thousandths.
    pub(super) fn edited_lines(&self, edits: LineEdits, unit: i64) -> Result<Edited, EditRefusal> {
        self.check_lines(&edits)?;
        let (mut lines, mut conflicts) = (self.cheque.products.clone(), vec![]);
        for edit in edits.set {
            let SeenLine { id, version } = edit.seen;
            let Some(line) = lines.iter_mut().find(|line| line.id == id) else {
                conflicts.push(id);
                continue;
            };
            let edited = corrected_line(line.clone(), edit.of(line), unit);
            if edited != *line && self.last_changes.of_line(id) > version {
                conflicts.push(id);
            }
            *line = edited;
        }
        for SeenLine { id, version } in edits.remove {
            let here = lines.iter().any(|line| line.id == id);
            if here && self.last_changes.of_line(id) > version {
                conflicts.push(id);
            }
            lines.retain(|line| line.id != id);
        }
        lines.extend((self.last_changes.last_line + 1..).zip(edits.add).map(|(id, line)| added_line(id, line, unit)));
        Ok(Edited { lines, conflicts })
    }

    fn check_lines(&self, edits: &LineEdits) -> Result<(), EditRefusal> {
        let set = (0..).zip(&edits.set).map(|(at, edit)| (EditList::Set, at, edit.seen));
        let remove = (0..).zip(&edits.remove).map(|(at, seen)| (EditList::Remove, at, *seen));
        let mut named = BTreeSet::new();
        for (list, at, SeenLine { id, version }) in set.chain(remove) {
            if !named.insert(id) {
                return Err(EditRefusal::EditedTwice { list, at, id });
            }
            if version > self.version {
                return Err(EditRefusal::NotYet { list, at, version: self.version });
            }
        }
        Ok(())
    }
}

impl LineEdit {
    /// The whole line with this edit.
    fn of(self, known: &Product) -> Line {
        Line {
            id: Some(known.id),
            name: self.name.unwrap_or_else(|| known.name.clone()),
            number_servings: self.number_servings.unwrap_or(known.number_servings),
            price: self.price,
            total: match self.total {
                Change::Keep => known.total,
                Change::Clear => None,
                Change::Set(total) => Some(total),
            },
            modifiers: self.modifiers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Conflicts, CorrectRefusal, Correction};
    use crate::domain::fixtures::split;
    use crate::domain::fraction::Fraction;
    use crate::domain::last_changes::Field;
    use crate::domain::participant::ParticipantId;

    fn seen(id: u32, version: i64) -> SeenLine {
        SeenLine { id, version }
    }

    fn set(id: u32, version: i64, minor: i64) -> LineEdits {
        let total = Change::Set(BillMoney::from_hundredths(minor));
        let (seen, name, number_servings, price, modifiers) = (seen(id, version), None, None, None, None);
        let edit = LineEdit { seen, name, number_servings, price, total, modifiers };
        LineEdits { set: vec![edit], ..LineEdits::default() }
    }

    fn remove(id: u32, version: i64) -> LineEdits {
        LineEdits { remove: vec![seen(id, version)], ..LineEdits::default() }
    }

    fn add(minor: i64) -> LineEdits {
        let total = Some(BillMoney::from_hundredths(minor));
        let name = "Хлеб".into();
        let line = Line { id: None, name, number_servings: Quantity::ONE, price: None, total, modifiers: None };
        LineEdits { add: vec![line], ..LineEdits::default() }
    }

    fn edited(split: &Split, edits: LineEdits) -> Result<Option<Split>, CorrectRefusal> {
        split.correct(Correction { lines: Some(edits), ..Correction::default() })
    }

    fn totals(split: &Split) -> Vec<(u32, i64)> {
        split.cheque.products.iter().map(|line| (line.id, line.total.unwrap().thousandths() / 10)).collect()
    }

    fn lines_changed(lines: &[u32]) -> Result<Option<Split>, CorrectRefusal> {
        Err(CorrectRefusal::Conflict(Conflicts { lines: lines.to_vec(), fields: vec![] }))
    }

    #[test]
    fn edits_of_different_lines_on_the_same_version_both_stay() {
        let start = split(&[100, 200]);
        let first = edited(&start, set(1, 1, 110)).unwrap().unwrap();
        let both = edited(&first, set(2, 1, 220)).unwrap().unwrap();
        assert_eq!(totals(&both), [(1, 110), (2, 220)]);
        assert_eq!((both.last_changes.of_line(1), both.last_changes.of_line(2)), (2, 3));
        assert_eq!(both.cheque_version, 3);
    }

    #[test]
    fn an_edit_of_a_line_that_was_edited_since_is_a_conflict_and_changes_nothing() {
        let first = edited(&split(&[100, 200]), set(1, 1, 110)).unwrap().unwrap();
        let together = LineEdits { set: [set(1, 1, 120).set, set(2, 1, 220).set].concat(), ..LineEdits::default() };
        assert_eq!(edited(&first, together), lines_changed(&[1]), "all or nothing");
        assert_eq!(totals(&edited(&first, set(1, 2, 120)).unwrap().unwrap()), [(1, 120), (2, 200)]);
        assert_eq!(edited(&first, set(1, 1, 110)), Ok(None), "a repeated edit is no conflict");
    }

    #[test]
    fn a_line_that_was_removed_or_edited_meanwhile_is_a_conflict_for_the_other() {
        let start = split(&[100, 200]);
        let gone = edited(&start, remove(2, 1)).unwrap().unwrap();
        assert_eq!(edited(&gone, set(2, 1, 220)), lines_changed(&[2]));
        assert_eq!(edited(&gone, remove(2, 1)), Ok(None), "both wanted it removed");
        let changed = edited(&start, set(2, 1, 220)).unwrap().unwrap();
        assert_eq!(edited(&changed, remove(2, 1)), lines_changed(&[2]));
        assert_eq!(totals(&edited(&changed, remove(2, 2)).unwrap().unwrap()), [(1, 100)]);
    }

    #[test]
    fn a_number_of_a_removed_line_is_not_given_again() {
        let gone = edited(&split(&[100, 200]), remove(2, 1)).unwrap().unwrap();
        let added = edited(&gone, add(50)).unwrap().unwrap();
        assert_eq!(totals(&added), [(1, 100), (3, 50)]);
        assert_eq!(edited(&added, set(2, 1, 220)), lines_changed(&[2]));
    }

    #[test]
    fn an_edited_line_keeps_its_claims_and_its_other_fields() {
        let owner = ParticipantId::OWNER;
        let start = split(&[100, 200]).claimed(owner, 1, Fraction::WHOLE).claimed(owner, 2, Fraction::WHOLE);
        // Claims are no edits of a line.
        let after = edited(&start, set(1, 1, 110)).unwrap().unwrap();
        let after = edited(&after, remove(2, 1)).unwrap().unwrap();
        assert_eq!(after.claims.keys().collect::<Vec<_>>(), [&(1, owner)]);
        let (old, new) = (&start.cheque.products[0], &after.cheque.products[0]);
        assert_eq!((&new.name, &new.raw, new.number_servings), (&old.name, &old.raw, old.number_servings));
    }

    #[test]
    fn a_line_is_named_once_and_with_a_version_that_exists() {
        let start = split(&[100]);
        let twice = LineEdits { remove: vec![seen(1, 1)], ..set(1, 1, 5) };
        let refusal = EditRefusal::EditedTwice { list: EditList::Remove, at: 0, id: 1 };
        assert_eq!(edited(&start, twice), Err(refusal.into()));
        let refusal = EditRefusal::NotYet { list: EditList::Set, at: 0, version: 1 };
        assert_eq!(edited(&start, set(1, 2, 5)), Err(refusal.into()));
    }

    #[test]
    fn a_field_conflicts_only_with_a_later_change_of_the_same_field() {
        let money = |minor| Change::Set(BillMoney::from_hundredths(minor));
        let tip = Correction { based_on: Some(1), tip: money(10), ..Correction::default() };
        let tipped = split(&[100]).correct(tip.clone()).unwrap().unwrap();
        assert_eq!(tipped.correct(tip), Ok(None), "a repeated change is no conflict");
        let service = Correction { based_on: Some(1), service: money(5), ..Correction::default() };
        assert!(tipped.correct(service).unwrap().is_some());
        let other =
            Correction { based_on: Some(1), tip: money(20), lines: Some(set(1, 1, 110)), ..Correction::default() };
        let conflicts = Conflicts { lines: vec![], fields: vec![Field::Tip] };
        assert_eq!(tipped.correct(other), Err(CorrectRefusal::Conflict(conflicts)));
        let confirm = Correction { based_on: Some(1), confirmed: Some(true), ..Correction::default() };
        assert!(matches!(tipped.correct(confirm), Err(CorrectRefusal::OutOfDate { .. })), "it confirms what was seen");
        let old_client = Correction { based_on: Some(1), products: Some(vec![]), ..Correction::default() };
        assert!(matches!(tipped.correct(old_client), Err(CorrectRefusal::OutOfDate { .. })));
    }
}
