//! `PATCH /{hash}/cheque`: the owner corrects recognition errors, or confirms the cheque.

use super::change::change;
use super::nested_body::{FieldErrors, integer, money, name, not_negative};
use super::title_fields::{merchant, purchased_on};
use super::visitor::Visitor;
use crate::domain::correct::{Change, CorrectRefusal, Correction, Field, Line};
use crate::domain::currency::NotWhole;
use crate::domain::split::LINES_MAX;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::money::BillMoney;
use contracts::quantity::Quantity;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{FieldError, Problem, ProblemDocument};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Longest name of a line, in characters.
const NAME_CHARACTERS_MAX: usize = 200;
/// Largest number of modifiers per line, and the longest modifier, in characters.
const MODIFIERS_MAX: usize = 20;
const MODIFIER_CHARACTERS_MAX: usize = 100;

/// The corrections. An omitted field stays unchanged; null clears it. `products` replaces all lines: lines with an id
/// keep their claims, lines without an id are new, and omitted lines are removed.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct CorrectCheque {
    /// The version of the state on which the corrections are based; required with `products`.
    #[schema(required = false)]
    version: Option<i64>,
    #[schema(required = false, max_items = 1000)]
    products: Option<Vec<CorrectLine>>,
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

/// A corrected line.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "as above")]
pub(super) struct CorrectLine {
    /// The id of the corrected line; omit it for a new line.
    #[schema(required = false)]
    id: Option<u32>,
    /// 1 to 200 characters.
    name: String,
    #[schema(rename = "numberServings")]
    number_servings: Quantity,
    /// Price of one serving; computed if omitted.
    #[schema(required = false)]
    price: Option<BillMoney>,
    /// Null if unknown.
    total: Option<BillMoney>,
    #[schema(required = false, max_items = 20)]
    modifiers: Option<Vec<String>>,
}

/// Corrects or confirms the cheque. Its status is computed again.
#[utoipa::path(
    patch, path = "/{hash}/cheque", tag = "cheques", operation_id = "correctCheque", request_body = CorrectCheque,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Corrected; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 409, description = "The bill was changed since that version (`bill_changed`), or a participant has settled", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let correction = read(body)?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        split.correct(correction).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

fn read(body: JsonBody) -> Result<Correction, Problem> {
    read_bill(body, |correction, errors| {
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
    correction.based_on = body.optional("version", integer(1, i64::MAX));
    check(&correction, &mut errors);
    errors.finish(body)?;
    Ok(correction)
}

fn read_line(line: &mut JsonBody, pointer: &str, errors: &mut FieldErrors) -> Option<Line> {
    let id = line.optional("id", integer(1, u32::MAX));
    let name = line.required("name", name(NAME_CHARACTERS_MAX));
    let number_servings = line.required("numberServings", Quantity::from_json_number);
    let price = line.optional("price", money);
    let total = line.required("total", |json| if json == "null" { Ok(None) } else { money(json).map(Some) });
    let modifiers = line.optional("modifiers", |json| {
        let place = format!("{pointer}/modifiers");
        Ok::<_, String>(errors.list(json, &place, MODIFIERS_MAX, |json, place, errors| {
            let text = self::name(MODIFIER_CHARACTERS_MAX)(json);
            text.map_err(|error| errors.add(place, &error)).ok()
        }))
    });
    Some(Line {
        id,
        name: name?,
        number_servings: number_servings?,
        price,
        total: total?,
        modifiers: modifiers.flatten(),
    })
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

fn nulls(body: &JsonBody) -> BTreeSet<String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body.bytes()).unwrap_or_default();
    fields.into_iter().filter(|(_, value)| value.get() == "null").map(|(name, _)| name).collect()
}

fn currency(json: &str) -> Result<String, String> {
    let code: Option<String> = serde_json::from_str(json).ok();
    let code = code.filter(|code| code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()));
    code.ok_or_else(|| "must be three capital letters, as in RUB".to_owned())
}

fn truth(json: &str) -> Result<bool, String> {
    serde_json::from_str(json).map_err(|_| "must be true or false".to_owned())
}

pub(super) fn problem(refusal: CorrectRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        CorrectRefusal::SettlementStarted => Problem::new(StatusCode::CONFLICT, "settlement_started", detail),
        CorrectRefusal::OutOfDate { .. } => Problem::new(StatusCode::CONFLICT, "bill_changed", detail),
        CorrectRefusal::UnknownLine { at, .. } | CorrectRefusal::LineTwice { at, .. } => {
            FieldErrors::one(&format!("/products/{at}/id"), &detail)
        }
        CorrectRefusal::NotWhole(amounts) => {
            let error = |(at, refused): (_, NotWhole)| FieldError { pointer: pointer(at), detail: refused.to_string() };
            Problem::invalid_fields(amounts.into_iter().map(error).collect())
        }
        CorrectRefusal::OtherDecimals { .. } => FieldErrors::one("/currency", &detail),
        CorrectRefusal::Unpayable { .. } => FieldErrors::one("/confirmed", &detail),
        CorrectRefusal::Bounds(_) => FieldErrors::one("/products", &detail),
    }
}

fn pointer(at: Field) -> String {
    match at {
        Field::Total => "/total_account".to_owned(),
        Field::Service => "/service".to_owned(),
        Field::Discount => "/discount".to_owned(),
        Field::Tax => "/tax".to_owned(),
        Field::Tip => "/tip".to_owned(),
        Field::Rounding => "/rounding".to_owned(),
        Field::LineTotal(line) => format!("/products/{line}/total"),
        Field::LinePrice(line) => format!("/products/{line}/price"),
    }
}
