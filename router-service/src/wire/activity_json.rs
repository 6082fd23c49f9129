//! The history of a shared cheque as JSON, which is also how it is stored.

use crate::domain::activity::{Change, Edit, Person};
use crate::domain::participant::Direction;
use contracts::money::Money;
use contracts::payments::RefusalReason;
use serde::Serialize;

/// One fact that has changed, by its kind in `what`.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
#[schema(as = Change)]
pub enum ChangeJson {
    /// A participant is new.
    Joined {
        /// The participant.
        who: PersonJson,
    },
    /// A participant has another name.
    Renamed {
        /// The participant, with the new name.
        who: PersonJson,
        /// The name before.
        before: Option<String>,
    },
    /// A participant has left or was removed.
    Left {
        /// The participant.
        who: PersonJson,
    },
    /// A participant has claimed this part of a line, in place of what they had of it before.
    Claimed {
        /// The participant.
        who: PersonJson,
        /// Name of the line.
        line: String,
        /// The part of the line.
        numerator: u64,
        /// In how many parts the line is divided.
        denominator: u64,
    },
    /// A participant has released their part of a line.
    Released {
        /// The participant.
        who: PersonJson,
        /// Name of the line.
        line: String,
    },
    /// A line of the bill was added.
    LineAdded {
        /// Name of the line.
        line: String,
        /// Its amount.
        after: Option<Money>,
    },
    /// A line of the bill has another name, quantity or amount.
    LineChanged {
        /// Its name now.
        line: String,
        /// Its name before, if that was another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        renamed: Option<String>,
        /// Its amount before.
        before: Option<Money>,
        /// Its amount now.
        after: Option<Money>,
    },
    /// A line of the bill was removed.
    LineRemoved {
        /// Name of the line.
        line: String,
        /// Its amount.
        before: Option<Money>,
    },
    /// The bill has another total.
    Total {
        /// The total before.
        before: Option<Money>,
        /// The total now.
        after: Option<Money>,
    },
    /// Anything else of the bill was changed, or many lines.
    Corrected,
    /// The owner has confirmed a bill that does not add up.
    Confirmed,
    /// The bill is divided in another way.
    Method {
        /// The method.
        method: String,
    },
    /// The owner has set or removed a tip.
    Tip,
    /// The owner has said who gets negative lines.
    NegativeLines,
    /// The owner has named or removed a rate.
    Rate {
        /// The rate, as a decimal number.
        rate: Option<String>,
    },
    /// Others can join from now on, or not.
    Joining {
        /// Whether they can.
        open: bool,
    },
    /// A transfer was requested.
    Transferring(MovedJson),
    /// A transfer was made.
    Transferred(MovedJson),
    /// A transfer was refused.
    Refused {
        /// The transfer.
        #[serde(flatten)]
        moved: MovedJson,
        /// Why.
        reason: RefusalReason,
    },
    /// The owner has recorded a payment outside the app; negative if it was given back or taken back.
    Cash {
        /// The participant.
        who: PersonJson,
        /// The amount, in the currency of the bill.
        amount: Money,
    },
    /// Everything is paid.
    Settled,
}

/// A participant, with the name of that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Person)]
pub struct PersonJson {
    /// Their number.
    pub id: u32,
    /// Their name.
    pub name: Option<String>,
}

/// A transfer between a participant and the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Moved)]
pub struct MovedJson {
    /// The participant.
    pub who: PersonJson,
    /// Whether the owner gives money back.
    pub back: bool,
    /// The amount, in the currency of the bill.
    pub amount: Money,
}

impl From<Change> for ChangeJson {
    fn from(change: Change) -> Self {
        match change {
            Change::Joined(who) => Self::Joined { who: who.into() },
            Change::Renamed(who, before) => Self::Renamed { who: who.into(), before },
            Change::Left(who) => Self::Left { who: who.into() },
            Change::Claimed(who, line, part) => {
                let (numerator, denominator) = (part.numerator(), part.denominator());
                Self::Claimed { who: who.into(), line, numerator, denominator }
            }
            Change::Released(who, line) => Self::Released { who: who.into(), line },
            Change::Line { name: line, renamed, before, after, edit } => match edit {
                Edit::Added => Self::LineAdded { line, after },
                Edit::Changed => Self::LineChanged { line, renamed, before, after },
                Edit::Removed => Self::LineRemoved { line, before },
            },
            Change::Total(before, after) => Self::Total { before, after },
            Change::Corrected => Self::Corrected,
            Change::Confirmed => Self::Confirmed,
            Change::Method(method) => Self::Method { method: method.to_owned() },
            Change::Tip => Self::Tip,
            Change::NegativeLines => Self::NegativeLines,
            Change::Rate(rate) => Self::Rate { rate },
            Change::Joining(open) => Self::Joining { open },
            Change::Transferring(who, direction, amount) => Self::Transferring(moved(who, direction, amount)),
            Change::Transferred(who, direction, amount) => Self::Transferred(moved(who, direction, amount)),
            Change::Refused(who, direction, amount, reason) => {
                Self::Refused { moved: moved(who, direction, amount), reason }
            }
            Change::Cash(who, amount) => Self::Cash { who: who.into(), amount },
            Change::Settled => Self::Settled,
        }
    }
}

impl From<Person> for PersonJson {
    fn from(person: Person) -> Self {
        Self { id: person.id.0, name: person.name }
    }
}

fn moved(who: Person, direction: Direction, amount: Money) -> MovedJson {
    MovedJson { who: who.into(), back: direction == Direction::ToParticipant, amount }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::participant::ParticipantId;
    use serde_json::json;

    #[test]
    fn a_change_is_told_by_its_kind() {
        let who = Person { id: ParticipantId(2), name: Some("Anna".into()) };
        let reason = RefusalReason::InsufficientFunds;
        let refused = Change::Refused(who, Direction::ToOwner, Money::from_minor(1250), reason);
        let written = serde_json::to_value(ChangeJson::from(refused)).unwrap();
        let expected = json!({ "what": "refused", "who": { "id": 2, "name": "Anna" }, "back": false, "amount": 12.5,
            "reason": "insufficient_funds" });
        assert_eq!(written, expected);
    }
}
