//! What a change of a shared cheque has changed, for its history.

use super::fraction::Fraction;
use super::participant::{AttemptState, Direction, Participant, ParticipantId};
use super::split::Split;
use contracts::cheque::Product;
use contracts::money::Money;
use contracts::payments::RefusalReason;

/// Most lines of one correction that are listed one by one.
const LINES_MAX: usize = 30;

/// A participant with the name of that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their number.
    pub id: ParticipantId,
    /// Their name.
    pub name: Option<String>,
}

/// One fact that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A participant is new.
    Joined(Person),
    /// A participant has another name; this is the one before.
    Renamed(Person, Option<String>),
    /// A participant has left or was removed.
    Left(Person),
    /// A participant has claimed a part of a line, in place of what they had of it before.
    Claimed(Person, String, Fraction),
    /// A participant has released their part of a line.
    Released(Person, String),
    /// A line was added, changed, or removed: its name, and its amount before and after.
    Line {
        /// The name; of a changed line, the new one.
        name: String,
        /// Its name before, if that was another one.
        renamed: Option<String>,
        /// Its amount before; `None` for a new line or an unread amount.
        before: Option<Money>,
        /// Its amount after; `None` for a removed line or an unread amount.
        after: Option<Money>,
        /// Whether it was added, changed or removed.
        edit: Edit,
    },
    /// The printed total before and after.
    Total(Option<Money>, Option<Money>),
    /// Anything else of the bill, or more lines than are listed.
    Corrected,
    /// The owner has confirmed a bill that does not add up.
    Confirmed,
    /// How the bill is divided; the method in JSON.
    Method(&'static str),
    /// The tip set by the owner.
    Tip,
    /// Who gets negative lines.
    NegativeLines,
    /// The rate, as text.
    Rate(Option<String>),
    /// Whether others can join.
    Joining(bool),
    /// A transfer to the owner, or back, was requested.
    Transferring(Person, Direction, Money),
    /// A transfer was made.
    Transferred(Person, Direction, Money),
    /// A transfer was refused.
    Refused(Person, Direction, Money, RefusalReason),
    /// What was recorded as paid outside the app; negative if it was given back or taken back.
    Cash(Person, Money),
    /// Everything is paid.
    Settled,
}

/// What was done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It is new.
    Added,
    /// Its name, quantity or amount is another one.
    Changed,
    /// It is gone.
    Removed,
}

/// What is different between two states of the same cheque, in the order in which one would tell it.
pub fn changes_between(before: &Split, after: &Split) -> Vec<Change> {
    let mut changes = people(before, after);
    changes.extend(bill(before, after));
    changes.extend(rules(before, after));
    changes.extend(claims(before, after));
    changes.extend(after.participants.iter().flat_map(|one| money(before.participant(one.id), one)));
    if after.is_settled(&after.dues()) && !before.is_settled(&before.dues()) {
        changes.push(Change::Settled);
    }
    changes
}

fn people(before: &Split, after: &Split) -> Vec<Change> {
    let came = after.participants.iter().filter_map(|one| match before.participant(one.id) {
        None => Some(Change::Joined(person(one))),
        Some(known) if known.name != one.name => Some(Change::Renamed(person(one), known.name.clone())),
        Some(_) => None,
    });
    let gone = before.participants.iter().filter(|one| after.participant(one.id).is_none());
    came.chain(gone.map(|one| Change::Left(person(one)))).collect()
}

fn bill(before: &Split, after: &Split) -> Vec<Change> {
    if before.cheque == after.cheque {
        return vec![];
    }
    let edited = |line: &Product| (line.name.clone(), line.number_servings, line.total);
    let mut changes: Vec<Change> = after
        .cheque
        .products
        .iter()
        .filter_map(|line| match before.line(line.id) {
            None => Some(edit(line, Edit::Added, None, None, line.total)),
            Some(old) if edited(old) == edited(line) => None,
            Some(old) => {
                let renamed = (old.name != line.name).then(|| old.name.clone());
                Some(edit(line, Edit::Changed, renamed, old.total, line.total))
            }
        })
        .collect();
    let removed = before.cheque.products.iter().filter(|line| after.line(line.id).is_none());
    changes.extend(removed.map(|line| edit(line, Edit::Removed, None, line.total, None)));
    if changes.len() > LINES_MAX {
        changes = vec![Change::Corrected];
    }
    let (old_total, total) = (before.cheque.total_account, after.cheque.total_account);
    if old_total != total {
        changes.push(Change::Total(old_total, total));
    }
    if changes.is_empty() { vec![Change::Corrected] } else { changes }
}

fn edit(line: &Product, edit: Edit, renamed: Option<String>, before: Option<Money>, after: Option<Money>) -> Change {
    Change::Line { name: line.name.clone(), renamed, before, after, edit }
}

fn rules(before: &Split, after: &Split) -> Vec<Change> {
    let mut changes = vec![];
    if after.confirmed && !before.confirmed {
        changes.push(Change::Confirmed);
    }
    if before.method != after.method {
        changes.push(Change::Method(after.method.as_str()));
    }
    if before.tip != after.tip {
        changes.push(Change::Tip);
    }
    if before.negative != after.negative {
        changes.push(Change::NegativeLines);
    }
    if before.rate != after.rate {
        changes.push(Change::Rate(after.rate.map(|rate| rate.to_string())));
    }
    if before.joining_open != after.joining_open {
        changes.push(Change::Joining(after.joining_open));
    }
    changes
}

fn claims(before: &Split, after: &Split) -> Vec<Change> {
    let line_name = |line: u32| after.line(line).map(|line| line.name.clone());
    let claimed = after.claims.iter().filter(|(key, part)| before.claims.get(key) != Some(part));
    let claimed = claimed.filter_map(|((line, who), part)| {
        Some(Change::Claimed(person(after.participant(*who)?), line_name(*line)?, *part))
    });
    let released = before.claims.keys().filter(|key| !after.claims.contains_key(key));
    // What happens to the claims of a removed line or participant follows from that.
    let released =
        released.filter_map(|(line, who)| Some(Change::Released(person(after.participant(*who)?), line_name(*line)?)));
    claimed.chain(released).collect()
}

fn money(before: Option<&Participant>, after: &Participant) -> Vec<Change> {
    let old = before.map(|before| before.settlement).unwrap_or_default();
    let new = after.settlement;
    let mut changes = vec![];
    if let Some(last) = new.last.filter(|last| old.last != Some(*last)) {
        let (who, direction, amount) = (person(after), last.direction, last.amount);
        changes.push(match last.state {
            AttemptState::Pending => Change::Transferring(who, direction, amount),
            AttemptState::Done => Change::Transferred(who, direction, amount),
            AttemptState::Failed(reason) => Change::Refused(who, direction, amount, reason),
        });
    }
    if old.cash != new.cash {
        changes.push(Change::Cash(person(after), Money::from_minor(new.cash.minor() - old.cash.minor())));
    }
    changes
}

fn person(participant: &Participant) -> Person {
    Person { id: participant.id, name: participant.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::split;
    use crate::domain::settle::Agreed;

    const GUEST: ParticipantId = ParticipantId(2);

    fn guest() -> Person {
        Person { id: GUEST, name: Some("Имя".into()) }
    }

    #[test]
    fn joining_claiming_paying_and_settling_are_told() {
        let start = split(&[100]);
        let joined = start.clone().with_guests(1);
        assert_eq!(changes_between(&start, &joined), [Change::Joined(guest())]);
        let claimed = joined.clone().claimed(GUEST, 1, Fraction::WHOLE);
        let claim = Change::Claimed(guest(), "Блюдо 1".into(), Fraction::WHOLE);
        assert_eq!(changes_between(&joined, &claimed), [claim]);
        let paid = claimed.paid_cash(GUEST, Agreed::Version(claimed.version)).unwrap();
        assert_eq!(changes_between(&claimed, &paid), [Change::Cash(guest(), Money::from_minor(100)), Change::Settled]);
        let released = claimed.claim(GUEST, 1, Fraction::ZERO).unwrap().unwrap();
        assert_eq!(changes_between(&claimed, &released), [Change::Released(guest(), "Блюдо 1".into())]);
        assert_eq!(changes_between(&claimed, &claimed.remove(GUEST).unwrap()), [Change::Left(guest())]);
        assert!(changes_between(&claimed, &claimed.next()).is_empty());
    }

    #[test]
    fn a_correction_tells_each_line_and_the_total() {
        let before = split(&[100, 200, 300]);
        let mut after = before.next();
        after.cheque.products.remove(0);
        after.cheque.products[0].name = "Чай".into();
        after.cheque.products[0].total = Some(Money::from_minor(250));
        after.cheque.total_account = Some(Money::from_minor(550));
        let changed = Change::Line {
            name: "Чай".into(),
            renamed: Some("Блюдо 2".into()),
            before: Some(Money::from_minor(200)),
            after: Some(Money::from_minor(250)),
            edit: Edit::Changed,
        };
        let removed = Change::Line {
            name: "Блюдо 1".into(),
            renamed: None,
            before: Some(Money::from_minor(100)),
            after: None,
            edit: Edit::Removed,
        };
        let total = Change::Total(Some(Money::from_minor(600)), Some(Money::from_minor(550)));
        assert_eq!(changes_between(&before, &after), [changed, removed, total]);
        after.cheque.products.clear();
        after.cheque.total_account = before.cheque.total_account;
        let many = Split { cheque: split(&[1; 40]).cheque, ..before.clone() };
        assert_eq!(changes_between(&many, &after).len(), 2, "more than 30 lines are one entry, beside the total");
    }
}
