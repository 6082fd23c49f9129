//! Reads an expense from a request body.

use crate::api::nested_body::{FieldErrors, integer, name, not_negative};
use crate::domain::currency::Currency;
use crate::domain::groups::edit_expenses::ExpenseRefusal;
use crate::domain::groups::expense::{Entry, EntryField, EntryRefusal, SHARE_MAX, Shares};
use crate::domain::groups::group::MEMBERS_MAX;
use crate::domain::groups::member::MemberId;
use contracts::money::{BillAmount, BillMoney};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};
use time::Date;
use time::format_description::well_known::Iso8601;

/// An expense. Exactly one of `members`, `shares` and `amounts` says who bears it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
pub(super) struct EnterExpense {
    /// 1 to 100 characters.
    title: String,
    /// The day, as in 2026-11-20.
    #[schema(value_type = String, format = Date)]
    date: String,
    /// Three capital letters; that of the accounts if omitted.
    #[schema(required = false)]
    currency: Option<String>,
    amount: BillAmount,
    /// Who has paid it, by member. The amounts add up to `amount`.
    paid_by: BTreeMap<String, BillMoney>,
    /// Divided equally among these members.
    #[schema(required = false)]
    members: Option<Vec<u32>>,
    /// Divided in proportion to weights, by member.
    #[schema(required = false)]
    shares: Option<BTreeMap<String, u32>>,
    /// Amounts by member, which add up to `amount`.
    #[schema(required = false)]
    amounts: Option<BTreeMap<String, BillMoney>>,
    /// Only for an edit: the revision on which it is based.
    #[schema(required = false)]
    revision: Option<u32>,
}

/// Reads the entry, and the revision on which an edit is based.
pub(super) fn read(mut body: JsonBody, accounts: Currency, is_edit: bool) -> Result<(Entry, u32), Problem> {
    let mut errors = FieldErrors::default();
    let title = body.required("title", name(100));
    let date = body.required("date", day);
    let currency = body.optional("currency", currency).unwrap_or(accounts);
    let amount = body.required("amount", BillAmount::from_json_number);
    let mut by_member = |json: &str, pointer| errors.by_number(json, pointer, not_negative).map(numbered);
    let paid_by = body.required("paid_by", |json| Ok::<_, String>(by_member(json, "/paid_by"))).flatten();
    let amounts = body.optional("amounts", |json| Ok::<_, String>(by_member(json, "/amounts")));
    let members = body.optional("members", members);
    let shares = body.optional("shares", |json| {
        let weight = |json: &str| integer(0, SHARE_MAX)(json);
        Ok::<_, String>(errors.by_number(json, "/shares", weight).map(numbered))
    });
    let revision = if is_edit { body.required("revision", integer(1, u32::MAX)) } else { Some(0) };
    let shares = match (members, shares, amounts) {
        (Some(members), None, None) => Some(Shares::Equal(members)),
        (None, Some(shares), None) => shares.map(Shares::Shares),
        (None, None, Some(amounts)) => amounts.map(Shares::Exact),
        _ => {
            errors.add("/members", &"exactly one of members, shares and amounts says who bears the expense");
            None
        }
    };
    errors.finish(body)?;
    let read = || {
        let entry = Entry { title: title?, date: date?, currency, amount: amount?, paid_by: paid_by?, shares: shares? };
        Some((entry, revision?))
    };
    // `finish` has already rejected every body without them.
    read().ok_or_else(|| Problem::invalid_json("the expense could not be read"))
}

/// Maps a refusal to a problem document.
pub(super) fn problem(refusal: ExpenseRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        ExpenseRefusal::NoSuchExpense => no_such_expense(),
        ExpenseRefusal::Changed { revision } => {
            Problem::new(StatusCode::CONFLICT, "expense_changed", detail).with_member("revision", revision)
        }
        ExpenseRefusal::NotAMember(_) => FieldErrors::one("/members", &detail),
        ExpenseRefusal::Entry(entry) => {
            let pointer = match entry {
                EntryRefusal::PaidByOther => "/paid_by".to_owned(),
                EntryRefusal::ExactOther => "/amounts".to_owned(),
                EntryRefusal::NoShares => "/shares".to_owned(),
                EntryRefusal::NotWhole { at: EntryField::Amount, .. } => "/amount".to_owned(),
                EntryRefusal::NotWhole { at: EntryField::PaidBy(id), .. } => format!("/paid_by/{id}"),
                EntryRefusal::NotWhole { at: EntryField::Exact(id), .. } => format!("/amounts/{id}"),
            };
            FieldErrors::one(&pointer, &detail)
        }
        ExpenseRefusal::TooMany => Problem::new(StatusCode::CONFLICT, "too_many_expenses", detail),
    }
}

pub(super) fn no_such_expense() -> Problem {
    Problem::not_found("expense_not_found", "the expense does not exist")
}

/// Parses the code of a currency.
pub(super) fn currency(json: &str) -> Result<Currency, &'static str> {
    let code: Option<String> = serde_json::from_str(json).ok();
    code.as_deref().and_then(Currency::new).ok_or("must be three capital letters, as in RUB")
}

fn day(json: &str) -> Result<Date, &'static str> {
    let text: Option<String> = serde_json::from_str(json).ok();
    let date = text.filter(|text| text.len() == 10).and_then(|text| Date::parse(&text, &Iso8601::DATE).ok());
    date.filter(|date| (1970..=2100).contains(&date.year())).ok_or("must be a day from 1970 to 2100, as 2026-11-20")
}

fn members(json: &str) -> Result<BTreeSet<MemberId>, String> {
    let ids: Vec<u32> = serde_json::from_str(json).map_err(|_| "must be a list of member numbers".to_owned())?;
    let members: BTreeSet<MemberId> = ids.iter().copied().map(MemberId).collect();
    match members.len() {
        0 => Err("must name a member".to_owned()),
        named if named != ids.len() => Err("names a member twice".to_owned()),
        named if named > MEMBERS_MAX => Err(format!("must name at most {MEMBERS_MAX} members")),
        _ => Ok(members),
    }
}

fn numbered<T>(parts: BTreeMap<u32, T>) -> BTreeMap<MemberId, T> {
    parts.into_iter().map(|(id, part)| (MemberId(id), part)).collect()
}
