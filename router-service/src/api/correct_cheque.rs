//! `PATCH /{hash}/cheque`: the owner corrects recognition errors, or confirms the cheque.

use super::keyed::keyed;
use super::line_body::{CorrectLine, nulls, read_line};
use super::line_edits::{EditLines, conflict, read_edits};
use super::nested_body::{FieldErrors, integer, money, not_negative};
use super::title_fields::{merchant, purchased_on};
use super::visitor::Visitor;
use crate::domain::correct::{AmountAt, Change, CorrectRefusal, Correction};
use crate::domain::currency::NotWhole;
use crate::domain::edit_lines::{EditList, EditRefusal};
use crate::domain::split::LINES_MAX;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::Response;
use contracts::ids::UserId;
use contracts::money::BillMoney;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{FieldError, Problem, ProblemDocument};
use postgres::idempotency::Scope;
use std::collections::BTreeSet;
use std::fmt;

/// The corrections. An omitted field stays unchanged; null clears it. `lines` edits single lines. `products` replaces all
/// of them: lines with an id keep their claims, lines without an id are new, and omitted lines are removed.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct CorrectCheque {
    /// The version of the state on which the corrections are based; required with `products`. With it, a field that was
    /// changed since is a conflict, and all lines together or a confirmation are one if anything of the bill was changed.
    #[schema(required = false)]
    version: Option<i64>,
    #[schema(required = false, max_items = 1000)]
    products: Option<Vec<CorrectLine>>,
    /// Not together with `products`.
    #[schema(required = false)]
    lines: Option<EditLines>,
    #[schema(required = false)]
    total_account: Option<BillMoney>,
    #[schema(required = false)]
    service: Option<BillMoney>,
    /// A positive number.
    #[schema(required = false)]
    discount: Option<BillMoney>,
    #[schema(required = false)]
    tax: Option<BillMoney>,
    #[schema(required = false)]
    tip: Option<BillMoney>,
    /// May be negative.
    #[schema(required = false)]
    rounding: Option<BillMoney>,
    /// Three capital letters.
    #[schema(required = false)]
    currency: Option<String>,
    /// The restaurant or shop, in 1 to 80 characters.
    #[schema(required = false)]
    merchant: Option<String>,
    /// The day of the purchase.
    #[schema(required = false, value_type = Option<String>, format = Date)]
    purchased_on: Option<time::Date>,
    /// The owner confirms the cheque although it does not add up.
    #[schema(required = false)]
    confirmed: Option<bool>,
}

/// Corrects or confirms the cheque. Its status is computed again.
#[utoipa::path(
    patch, path = "/{hash}/cheque", tag = "cheques", operation_id = "correctCheque", request_body = CorrectCheque,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 200, description = "Corrected; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 409, description = "Lines or fields were changed since they were read (`lines_changed`, `fields_changed`: `lines` and `fields` are what they are now), or the bill since that version (`bill_changed`), or a participant has settled", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request = [hash.as_bytes(), b"/", body.bytes()].concat();
    // Only a user can be the owner; others are refused below.
    let scope = |user_id: UserId| Scope::of(&headers, user_id.get(), "PATCH /{hash}/cheque", &request);
    let scope = visitor.0.user_id.map(scope).transpose()?.flatten();
    let correction = read(body)?;
    let edits_lines = correction.lines.is_some();
    keyed(
        &state,
        &hash,
        visitor,
        scope,
        |split| {
            visitor.require_owner(split)?;
            let corrected = split.correct(correction).map_err(|refusal| match &refusal {
                CorrectRefusal::Conflict(conflicts) => conflict(conflicts, split, refusal.to_string()),
                CorrectRefusal::Bounds(_) if edits_lines => FieldErrors::one("/lines", &refusal.to_string()),
                _ => problem(&refusal),
            })?;
            Ok((corrected, ()))
        },
        |split, ()| (StatusCode::OK, StateJson::of(split, split.participant_for(visitor.0))),
    )
    .await
}

fn read(body: JsonBody) -> Result<Correction, Problem> {
    read_bill(body, |correction, errors| {
        if correction.products.is_some() && correction.lines.is_some() {
            errors.add("/lines", &"edits single lines, and `products` replaces all: send one of the two");
        }
        if correction.products.is_some() && correction.based_on.is_none() {
            errors.add("/version", &"must be the version of the state that the lines were edited in");
        }
    })
}

/// Reads the fields of a bill, and reports what `check` refuses together with all other errors.
pub(super) fn read_bill(
    mut body: JsonBody,
    check: impl FnOnce(&Correction, &mut FieldErrors),
) -> Result<Correction, Problem> {
    let mut errors = FieldErrors::default();
    let mut fields = Nullable { nulls: nulls(&body), body: &mut body };
    let mut correction = Correction {
        based_on: None,
        products: None,
        lines: None,
        total_account: fields.read("total_account", not_negative),
        service: fields.read("service", not_negative),
        discount: fields.read("discount", not_negative),
        tax: fields.read("tax", not_negative),
        tip: fields.read("tip", not_negative),
        rounding: fields.read("rounding", money),
        currency: fields.read("currency", currency),
        merchant: fields.read("merchant", merchant),
        purchased_on: fields.read("purchased_on", purchased_on),
        confirmed: None,
    };
    correction.confirmed = body.optional("confirmed", truth);
    let lines = body.optional("products", |json| {
        Ok::<_, String>(errors.list(json, "/products", LINES_MAX, |json, pointer, errors| {
            errors.object(json, pointer, |line, errors| read_line(line, pointer, errors))
        }))
    });
    correction.products = lines.flatten();
    correction.lines = body.optional("lines", |json| Ok::<_, String>(read_edits(json, &mut errors))).flatten();
    correction.based_on = body.optional("version", integer(1, i64::MAX));
    check(&correction, &mut errors);
    errors.finish(body)?;
    Ok(correction)
}

/// Fields for which null is a valid value that clears the field.
struct Nullable<'a> {
    nulls: BTreeSet<String>,
    body: &'a mut JsonBody,
}

impl Nullable<'_> {
    fn read<T, E: fmt::Display>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Change<T> {
        match self.body.optional(name, read) {
            Some(value) => Change::Set(value),
            None if self.nulls.contains(name) => Change::Clear,
            None => Change::Keep,
        }
    }
}

fn currency(json: &str) -> Result<String, String> {
    let code: Option<String> = serde_json::from_str(json).ok();
    let code = code.filter(|code| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()));
    code.ok_or_else(|| "must be three capital letters, as in RUB".to_owned())
}

fn truth(json: &str) -> Result<bool, String> {
    serde_json::from_str(json).map_err(|_| "must be true or false".to_owned())
}

pub(super) fn problem(refusal: &CorrectRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        CorrectRefusal::SettlementStarted => Problem::new(StatusCode::CONFLICT, "settlement_started", detail),
        CorrectRefusal::OutOfDate { .. } => Problem::new(StatusCode::CONFLICT, "bill_changed", detail),
        CorrectRefusal::UnknownLine { at, .. } | CorrectRefusal::LineTwice { at, .. } => {
            FieldErrors::one(&format!("/products/{at}/id"), &detail)
        }
        CorrectRefusal::Edit(EditRefusal::EditedTwice { list, at, .. }) => {
            FieldErrors::one(&pointer(*list, *at, "id"), &detail)
        }
        CorrectRefusal::Edit(EditRefusal::NotYet { list, at, .. }) => {
            FieldErrors::one(&pointer(*list, *at, "version"), &detail)
        }
        CorrectRefusal::Conflict(_) => Problem::new(StatusCode::CONFLICT, "lines_changed", detail),
        CorrectRefusal::NotWhole(amounts) => {
            let error = |(at, refused): &(AmountAt, NotWhole)| FieldError {
                pointer: pointer_of(*at),
                detail: refused.to_string(),
            };
            Problem::invalid_fields(amounts.iter().map(error).collect())
        }
        CorrectRefusal::OtherDecimals { .. } => FieldErrors::one("/currency", &detail),
        CorrectRefusal::Unpayable { .. } => FieldErrors::one("/confirmed", &detail),
        CorrectRefusal::Bounds(_) => FieldErrors::one("/products", &detail),
    }
}

fn pointer(list: EditList, at: usize, field: &str) -> String {
    let list = match list {
        EditList::Set => "set",
        EditList::Remove => "remove",
    };
    format!("/lines/{list}/{at}/{field}")
}

fn pointer_of(at: AmountAt) -> String {
    match at {
        AmountAt::Total => "/total_account".to_owned(),
        AmountAt::Service => "/service".to_owned(),
        AmountAt::Discount => "/discount".to_owned(),
        AmountAt::Tax => "/tax".to_owned(),
        AmountAt::Tip => "/tip".to_owned(),
        AmountAt::Rounding => "/rounding".to_owned(),
        AmountAt::LineTotal(line) => format!("/products/{line}/total"),
        AmountAt::LinePrice(line) => format!("/products/{line}/price"),
        AmountAt::EditedTotal(line) => format!("/lines/set/{line}/total"),
        AmountAt::EditedPrice(line) => format!("/lines/set/{line}/price"),
        AmountAt::AddedTotal(line) => format!("/lines/add/{line}/total"),
        AmountAt::AddedPrice(line) => format!("/lines/add/{line}/price"),
    }
}
