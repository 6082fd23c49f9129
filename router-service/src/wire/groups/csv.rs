//! A group as a table for spreadsheets.
//!
//! Source: RFC 4180.

use crate::domain::currency::Currency;
use crate::domain::groups::group::Group;
use crate::domain::groups::statement::{Kind, Row};
use crate::wire::decimals::digits;
use contracts::money::BillMoney;

const HEADER: &str = "date,kind,item,title,member_id,member,currency,total,paid,share,to_pay_currency,to_pay\r\n";

/// One row per item and member. `to_pay` is what the member has to pay because of it, and negative if they are owed it; by
/// member and currency it adds up to the balance.
pub fn csv(group: &Group, accounts: Currency) -> String {
    let rows = group.statement(accounts).into_iter().map(|row| line(group, &row));
    std::iter::once(HEADER.to_owned()).chain(rows).collect()
}

fn line(group: &Group, row: &Row) -> String {
    let name = group.member(row.member).map_or("", |member| member.name.as_str());
    let kind = match row.kind {
        Kind::Bill => "bill",
        Kind::Expense => "expense",
        Kind::Payment => "payment",
    };
    let (counts_in, to_pay) = row.to_pay;
    let cells = [
        row.date.to_string(),
        kind.to_owned(),
        row.item.clone(),
        text(&row.title),
        row.member.to_string(),
        text(name),
        row.currency.to_string(),
        amount(row.total, row.currency),
        amount(row.paid, row.currency),
        amount(row.share, row.currency),
        counts_in.to_string(),
        amount(to_pay, counts_in),
    ];
    cells.join(",") + "\r\n"
}

/// Quotes a text where needed. What a spreadsheet would take for a formula gets an apostrophe, also after a semicolon, which
/// separates cells in much of Europe.
///
/// Source: OWASP, CSV injection.
fn text(text: &str) -> String {
    let parts = text.split(';').map(|part| if is_formula(part) { format!("'{part}") } else { part.to_owned() });
    let text = parts.collect::<Vec<_>>().join(";");
    if text.contains([',', '"', '\r', '\n', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn is_formula(text: &str) -> bool {
    let begins = text.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
    begins.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || text.starts_with(['\t', '\r'])
}

/// An amount with the decimals of its currency.
fn amount(money: BillMoney, currency: Currency) -> String {
    let (sign, whole, decimals) = digits(money, Some(currency.as_str()));
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::groups::expense::{Entry, Shares};
    use crate::domain::groups::member::MemberId;
    use contracts::ids::{ChequeHash, UserId};
    use contracts::money::BillAmount;
    use std::collections::{BTreeMap, BTreeSet};
    use time::macros::{date, datetime};

    #[test]
    fn a_text_is_quoted_and_never_a_formula() {
        assert_eq!(text("Cafe"), "Cafe");
        assert_eq!(text("Cafe \"Luna\", Feb"), "\"Cafe \"\"Luna\"\", Feb\"");
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\u{FF1D}1"] {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        assert_eq!(text("x;=1+1;y; \"@SUM(A1)"), "\"x;'=1+1;y;' \"\"@SUM(A1)\"");
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        let of = |thousandths, code| amount(BillMoney::from_thousandths(thousandths), Currency::new(code).unwrap());
        assert_eq!([of(10_000, "EUR"), of(-50, "EUR"), of(334_000, "JPY")], ["10.00", "-0.05", "334"]);
        assert_eq!([of(334, "KWD"), of(-1_000, "KWD"), of(1_500, "KWD")], ["0.334", "-1.000", "1.500"]);
        assert_eq!([of(100_500, "JPY"), of(1_005, "EUR")], ["100.50", "1.005"], "more, if the amount has more");
    }

    #[test]
    fn a_table_has_a_row_per_item_and_member() {
        let (key, owner) = (ChequeHash::from_random([5; 22]), UserId::try_from(1).unwrap());
        let mut group = Group::create(key, "Flat".into(), owner, "=Ann".into());
        group.members.push(group.add_person("Boris".into()).unwrap());
        let (ann, boris) = (MemberId(1), MemberId(2));
        let entry = Entry {
            title: "Food, drinks".into(),
            date: date!(2026 - 11 - 20),
            currency: Currency::new("EUR").unwrap(),
            amount: BillAmount::new(BillMoney::from_hundredths(1000)).unwrap(),
            paid_by: BTreeMap::from([(ann, BillMoney::from_hundredths(1000))]),
            shares: Shares::Equal(BTreeSet::from([ann, boris])),
        };
        let expense = group.add_expense(ann, entry, datetime!(2026-11-21 10:00 UTC)).unwrap();
        group.expenses.push(expense);
        let expected = "2026-11-20,expense,1,\"Food, drinks\",1,'=Ann,EUR,10.00,10.00,5.00,EUR,-5.00\r\n\
                        2026-11-20,expense,1,\"Food, drinks\",2,Boris,EUR,10.00,0.00,5.00,EUR,5.00\r\n";
        assert_eq!(csv(&group, Currency::new("RUB").unwrap()), format!("{HEADER}{expected}"));
    }
}
