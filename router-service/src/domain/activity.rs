//! What a change of a shared cheque has changed, for its history.

use super::fraction::Fraction;
use super::last_changes::Field;
use super::outside::Outside;
use super::participant::{AttemptState, Direction, Participant, ParticipantId};
use super::split::Split;
use contracts::cheque::{Cheque, Product};
use contracts::money::BillMoney;
use contracts::payments::RefusalReason;
use contracts::quantity::Quantity;
use contracts::title::Title;

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
        before: Option<BillMoney>,
        /// Its amount after; `None` for a removed line or an unread amount.
        after: Option<BillMoney>,
        /// Its quantity before and after, if a changed line has another one.
        quantity: Option<(Quantity, Quantity)>,
        /// Whether it was added, changed or removed.
        edit: Edit,
    },
    /// The printed total before and after.
    Total(Option<BillMoney>, Option<BillMoney>),
    /// Another amount beside the lines: its name in JSON, before and after.
    Part(&'static str, Option<BillMoney>, Option<BillMoney>),
    /// Anything else of the bill, or more lines than are listed.
    Corrected,
    /// What the bill is called.
    Named(Title),
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
    /// A person who was added by name has come, with a device or an account.
    Arrived(Person),
    /// What others than the owner have paid to the restaurant.
    Payers(Vec<(Person, BillMoney)>),
    /// A participant says that they have paid this outside the app.
    Reported(Person, BillMoney),
    /// What they said was taken back or declined.
    ReportDropped(Person),
    /// A participant was reminded.
    Reminded(Person),
    /// A transfer was requested.
    Transferring(Movement),
    /// A transfer was made.
    Transferred(Movement),
    /// A transfer was refused.
    Refused(Movement, RefusalReason),
    /// What was recorded as paid outside the app.
    Outside(Movement, Option<Outside>),
    /// Dues of the bill count in the group of this name from now on, or not any more.
    InGroup {
        /// Whether they do.
        counts: bool,
        /// The name of the group.
        group: Option<String>,
    },
    /// Everything is paid.
    Settled,
}

/// Money between a participant and another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The participant who pays, or gets money back if the amount is negative.
    pub who: Person,
    /// The other one; `None` for the owner who alone has paid the restaurant.
    pub with: Option<Person>,
    /// The amount, in the currency of the bill.
    pub amount: BillMoney,
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
    changes.extend(payers(before, after));
    changes.extend(after.participants.iter().flat_map(|one| reports(before.participant(one.id), one)));
    changes.extend(after.participants.iter().filter_map(|one| transfer(before, after, one)));
    changes.extend(outside(before, after));
    if before.group_name.is_some() != after.group_name.is_some() {
        let group = after.group_name.as_ref().or(before.group_name.as_ref()).cloned();
        changes.push(Change::InGroup { counts: after.group_name.is_some(), group });
    } else if after.is_settled(&after.dues()) && !before.is_settled(&before.dues()) {
        changes.push(Change::Settled);
    }
    changes
}

fn people(before: &Split, after: &Split) -> Vec<Change> {
    let came = after.participants.iter().filter_map(|one| match before.participant(one.id) {
        None => Some(Change::Joined(person(one))),
        Some(known) if known.is_free() && !one.is_free() => Some(Change::Arrived(person(one))),
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
            None => Some(edit(line, Edit::Added, None, line.total)),
            Some(old) if edited(old) == edited(line) => None,
            Some(old) => Some(changed(old, line)),
        })
        .collect();
    let removed = before.cheque.products.iter().filter(|line| after.line(line.id).is_none());
    changes.extend(removed.map(|line| edit(line, Edit::Removed, line.total, None)));
    if changes.len() > LINES_MAX {
        changes = vec![Change::Corrected];
    }
    let (old_total, total) = (before.cheque.total_account, after.cheque.total_account);
    if old_total != total {
        changes.push(Change::Total(old_total, total));
    }
    changes.extend(parts(&before.cheque, &after.cheque));
    let title = |split: &Split| split.cheque.title();
    if title(before) != title(after) {
        changes.push(Change::Named(title(after)));
    }
    if changes.is_empty() { vec![Change::Corrected] } else { changes }
}

fn edit(line: &Product, edit: Edit, before: Option<BillMoney>, after: Option<BillMoney>) -> Change {
    Change::Line { name: line.name.clone(), renamed: None, before, after, quantity: None, edit }
}

fn changed(old: &Product, line: &Product) -> Change {
    let quantities = (old.number_servings, line.number_servings);
    Change::Line {
        name: line.name.clone(),
        renamed: (old.name != line.name).then(|| old.name.clone()),
        before: old.total,
        after: line.total,
        quantity: (quantities.0 != quantities.1).then_some(quantities),
        edit: Edit::Changed,
    }
}

/// The amounts beside the lines and the total.
fn parts(before: &Cheque, after: &Cheque) -> impl Iterator<Item = Change> {
    let amounts = |cheque: &Cheque| [cheque.service, cheque.discount, cheque.tax, cheque.tip, cheque.rounding];
    let fields = [Field::Service, Field::Discount, Field::Tax, Field::Tip, Field::Rounding];
    let changes = fields.into_iter().zip(amounts(before)).zip(amounts(after));
    changes
        .filter(|((_, before), after)| before != after)
        .map(|((field, before), after)| Change::Part(field.as_str(), before, after))
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

fn payers(before: &Split, after: &Split) -> Option<Change> {
    let advances = |split: &Split| -> Vec<(ParticipantId, BillMoney)> {
        let payers = split.participants.iter().filter(|one| one.advance != BillMoney::ZERO);
        payers.map(|one| (one.id, one.advance)).collect()
    };
    let paid = after.participants.iter().filter(|one| one.advance != BillMoney::ZERO);
    let paid = || paid.map(|one| (person(one), one.advance)).collect();
    (advances(before) != advances(after)).then(|| Change::Payers(paid()))
}

fn reports(before: Option<&Participant>, after: &Participant) -> Vec<Change> {
    let Some(before) = before else { return vec![] };
    let mut changes = vec![];
    match (&before.report, &after.report) {
        (old, Some(new)) if old.as_ref() != Some(new) => changes.push(Change::Reported(person(after), new.amount)),
        // With a payment, it was confirmed.
        (Some(_), None) if before.settlement == after.settlement => changes.push(Change::ReportDropped(person(after))),
        _ => {}
    }
    if after.reminded.is_some() && before.reminded != after.reminded {
        changes.push(Change::Reminded(person(after)));
    }
    changes
}

fn transfer(before: &Split, after: &Split, one: &Participant) -> Option<Change> {
    let old = before.participant(one.id).and_then(|before| before.settlement.last);
    let last = one.settlement.last.filter(|last| old != Some(*last))?;
    let movement = match last.direction {
        Direction::ToOwner | Direction::ToParticipant => {
            Movement { who: person(one), with: None, amount: last.signed() }
        }
        // All that the other one has paid them goes back.
        Direction::To(other) if before.paid_between(other, one.id) == last.amount => {
            Movement { who: person(after.participant(other)?), with: Some(person(one)), amount: last.amount.negated() }
        }
        Direction::To(other) => {
            Movement { who: person(one), with: after.participant(other).map(person), amount: last.amount }
        }
    };
    Some(match last.state {
        AttemptState::Pending => Change::Transferring(movement),
        AttemptState::Done => Change::Transferred(movement),
        AttemptState::Failed(reason) => Change::Refused(movement, reason),
    })
}

/// Payments outside the app: those between two participants if several have paid the restaurant, else those to the owner.
fn outside(before: &Split, after: &Split) -> Vec<Change> {
    let between = after.between.iter().filter_map(|((from, to), paid)| {
        let old = before.between.get(&(*from, *to)).map_or(BillMoney::ZERO, |old| old.cash);
        let (payer, receiver) = (after.participant(*from)?, after.participant(*to)?);
        (old != paid.cash).then(|| (payer, Some(person(receiver)), difference(old, paid.cash)))
    });
    let mut moved: Vec<_> = between.collect();
    if moved.is_empty() {
        moved.extend(after.participants.iter().filter_map(|one| {
            let old = before.participant(one.id).map_or(BillMoney::ZERO, |old| old.settlement.cash);
            (old != one.settlement.cash).then(|| (one, None, difference(old, one.settlement.cash)))
        }));
    }
    let change = |(payer, with, amount): (&Participant, Option<Person>, BillMoney)| {
        let how = payer.outside.clone().filter(|_| amount > BillMoney::ZERO);
        Change::Outside(Movement { who: person(payer), with, amount }, how)
    };
    moved.into_iter().map(change).collect()
}

fn difference(before: BillMoney, after: BillMoney) -> BillMoney {
    BillMoney::from_thousandths(after.thousandths() - before.thousandths())
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
        let movement = Movement { who: guest(), with: None, amount: BillMoney::from_hundredths(100) };
        let recorded = Change::Outside(movement, paid.participant(GUEST).unwrap().outside.clone());
        assert_eq!(changes_between(&claimed, &paid), [recorded, Change::Settled]);
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
        after.cheque.products[0].total = Some(BillMoney::from_hundredths(250));
        after.cheque.products[0].number_servings = Quantity::from_thousandths(2_000).unwrap();
        after.cheque.tip = Some(BillMoney::from_hundredths(5));
        after.cheque.total_account = Some(BillMoney::from_hundredths(550));
        let changed = Change::Line {
            name: "Чай".into(),
            renamed: Some("Блюдо 2".into()),
            before: Some(BillMoney::from_hundredths(200)),
            after: Some(BillMoney::from_hundredths(250)),
            quantity: Some((Quantity::ONE, Quantity::from_thousandths(2_000).unwrap())),
            edit: Edit::Changed,
        };
        let removed = Change::Line {
            name: "Блюдо 1".into(),
            renamed: None,
            before: Some(BillMoney::from_hundredths(100)),
            after: None,
            quantity: None,
            edit: Edit::Removed,
        };
        let total = Change::Total(Some(BillMoney::from_hundredths(600)), Some(BillMoney::from_hundredths(550)));
        let tip = Change::Part("tip", None, Some(BillMoney::from_hundredths(5)));
        assert_eq!(changes_between(&before, &after), [changed, removed, total, tip]);
        after.cheque.products.clear();
        after.cheque.tip = None;
        after.cheque.total_account = before.cheque.total_account;
        let many = Split { cheque: split(&[1; 40]).cheque, ..before.clone() };
        assert_eq!(changes_between(&many, &after).len(), 2, "more than 30 lines are one entry, beside the total");
    }
}
