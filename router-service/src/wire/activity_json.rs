//! The history of a shared cheque as JSON, which is also how it is stored.

use super::outside_json::OutsideJson;
use crate::domain::activity::{Change, Edit, Movement, Person};
use contracts::money::BillMoney;
use contracts::payments::RefusalReason;
use contracts::quantity::Quantity;
use contracts::title::Title;
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
        after: Option<BillMoney>,
    },
    /// A line of the bill has another name, quantity or amount.
    LineChanged {
        /// Its name now.
        line: String,
        /// Its name before, if that was another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        renamed: Option<String>,
        /// Its amount before.
        before: Option<BillMoney>,
        /// Its amount now.
        after: Option<BillMoney>,
        /// Its quantity before, if that was another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        quantity_before: Option<Quantity>,
        /// Its quantity now, if it had another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        quantity_after: Option<Quantity>,
    },
    /// A line of the bill was removed.
    LineRemoved {
        /// Name of the line.
        line: String,
        /// Its amount.
        before: Option<BillMoney>,
    },
    /// The bill has another total.
    Total {
        /// The total before.
        before: Option<BillMoney>,
        /// The total now.
        after: Option<BillMoney>,
    },
    /// Another amount beside the lines is another one.
    Part {
        /// `service`, `discount`, `tax`, `tip` or `rounding`, as printed.
        part: String,
        /// The amount before.
        before: Option<BillMoney>,
        /// The amount now.
        after: Option<BillMoney>,
    },
    /// Anything else of the bill was changed, or many lines.
    Corrected,
    /// The bill has another name.
    Named {
        /// The restaurant or shop.
        #[serde(skip_serializing_if = "Option::is_none")]
        merchant: Option<String>,
        /// The day of the purchase, `2026-02-05`.
        #[serde(skip_serializing_if = "Option::is_none")]
        purchased_on: Option<String>,
    },
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
    Transferring {
        /// The participant who pays, or gets money back if the amount is negative.
        who: PersonJson,
        /// The other one; none for the owner who alone has paid the restaurant.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<PersonJson>,
        /// The amount, in the currency of the bill.
        amount: BillMoney,
    },
    /// A transfer was made.
    Transferred {
        /// The participant who pays, or gets money back if the amount is negative.
        who: PersonJson,
        /// The other one; none for the owner who alone has paid the restaurant.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<PersonJson>,
        /// The amount, in the currency of the bill.
        amount: BillMoney,
    },
    /// A transfer was refused.
    Refused {
        /// The participant who pays, or gets money back if the amount is negative.
        who: PersonJson,
        /// The other one; none for the owner who alone has paid the restaurant.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<PersonJson>,
        /// The amount, in the currency of the bill.
        amount: BillMoney,
        /// Why.
        reason: RefusalReason,
    },
    /// A payment outside the app was recorded.
    Outside {
        /// The participant who pays, or gets money back if the amount is negative.
        who: PersonJson,
        /// The other one; none for the owner who alone has paid the restaurant.
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<PersonJson>,
        /// The amount, in the currency of the bill.
        amount: BillMoney,
        /// How it was made; not if it was given back or taken back.
        #[serde(skip_serializing_if = "Option::is_none")]
        how: Option<OutsideJson>,
    },
    /// A person who was added by name has come, with a device or an account.
    Arrived {
        /// The participant.
        who: PersonJson,
    },
    /// Others than the owner have paid the restaurant.
    Payers {
        /// Who has paid how much; the owner has paid the rest.
        payers: Vec<PayerJson>,
    },
    /// A participant says that they have paid outside the app.
    Reported {
        /// The participant.
        who: PersonJson,
        /// The amount, in the currency of the bill.
        amount: BillMoney,
    },
    /// What a participant said about a payment was taken back or declined.
    ReportDropped {
        /// The participant.
        who: PersonJson,
    },
    /// A participant was reminded to pay.
    Reminded {
        /// The participant.
        who: PersonJson,
    },
    /// Dues of the bill count in a group from now on, or not any more.
    InGroup {
        /// Whether they do.
        counts: bool,
        /// The name of the group.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
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

/// What a participant has paid to the restaurant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Payer)]
pub struct PayerJson {
    /// The participant.
    pub who: PersonJson,
    /// The amount.
    pub amount: BillMoney,
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
            Change::Line { name: line, renamed, before, after, quantity, edit } => match edit {
                Edit::Added => Self::LineAdded { line, after },
                Edit::Changed => {
                    let (quantity_before, quantity_after) = quantity.unzip();
                    Self::LineChanged { line, renamed, before, after, quantity_before, quantity_after }
                }
                Edit::Removed => Self::LineRemoved { line, before },
            },
            Change::Total(before, after) => Self::Total { before, after },
            Change::Part(part, before, after) => Self::Part { part: part.to_owned(), before, after },
            Change::Corrected => Self::Corrected,
            Change::Named(Title { merchant, purchased_on }) => {
                Self::Named { merchant, purchased_on: purchased_on.map(|day| day.to_string()) }
            }
            Change::Confirmed => Self::Confirmed,
            Change::Method(method) => Self::Method { method: method.to_owned() },
            Change::Tip => Self::Tip,
            Change::NegativeLines => Self::NegativeLines,
            Change::Rate(rate) => Self::Rate { rate },
            Change::Joining(open) => Self::Joining { open },
            Change::Arrived(who) => Self::Arrived { who: who.into() },
            Change::Payers(payers) => {
                let payer = |(who, amount): (Person, BillMoney)| PayerJson { who: who.into(), amount };
                Self::Payers { payers: payers.into_iter().map(payer).collect() }
            }
            Change::Reported(who, amount) => Self::Reported { who: who.into(), amount },
            Change::ReportDropped(who) => Self::ReportDropped { who: who.into() },
            Change::Reminded(who) => Self::Reminded { who: who.into() },
            Change::Transferring(movement) => {
                let (who, with, amount) = parts(movement);
                Self::Transferring { who, with, amount }
            }
            Change::Transferred(movement) => {
                let (who, with, amount) = parts(movement);
                Self::Transferred { who, with, amount }
            }
            Change::Refused(movement, reason) => {
                let (who, with, amount) = parts(movement);
                Self::Refused { who, with, amount, reason }
            }
            Change::Outside(movement, how) => {
                let (who, with, amount) = parts(movement);
                Self::Outside { who, with, amount, how: how.as_ref().map(OutsideJson::from) }
            }
            Change::InGroup { counts, group } => Self::InGroup { counts, group },
            Change::Settled => Self::Settled,
        }
    }
}

impl From<Person> for PersonJson {
    fn from(person: Person) -> Self {
        Self { id: person.id.0, name: person.name }
    }
}

/// The participant, the other one, and the amount.
fn parts(movement: Movement) -> (PersonJson, Option<PersonJson>, BillMoney) {
    (movement.who.into(), movement.with.map(PersonJson::from), movement.amount)
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
        let refused = Change::Refused(Movement { who, with: None, amount: BillMoney::from_hundredths(1250) }, reason);
        let written = serde_json::to_value(ChangeJson::from(refused)).unwrap();
        let expected = json!({ "what": "refused", "who": { "id": 2, "name": "Anna" }, "amount": 12.5,
            "reason": "insufficient_funds" });
        assert_eq!(written, expected);
    }
}
