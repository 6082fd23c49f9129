//! `PUT /{hash}/method`: the owner sets how the cheque is split.

use super::change::change;
use super::nested_body::{FieldErrors, integer, not_negative};
use super::visitor::Visitor;
use crate::domain::method::{Method, Tip};
use crate::domain::participant::ParticipantId;
use crate::domain::set_method::MethodRefusal;
use crate::state::State;
use crate::wire::percent::Percent;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::money::BillMoney;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use std::collections::BTreeMap;

/// Largest share of one participant.
const SHARE_MAX: u32 = 1000;

/// How to split the cheque. Only the map that belongs to the method may be present; its names are participant numbers.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct SetMethod {
    /// `items`, `equal`, `shares`, `percent` or `exact`.
    method: String,
    #[schema(required = false)]
    tip: Option<SetTip>,
    /// For `shares`: whole numbers from 0 to 1000.
    #[schema(required = false)]
    shares: Option<BTreeMap<String, u32>>,
    /// For `percent`: they add up to 100.
    #[schema(required = false)]
    percents: Option<BTreeMap<String, Percent>>,
    /// For `exact`: they add up to the total including the tip.
    #[schema(required = false)]
    amounts: Option<BTreeMap<String, BillMoney>>,
}

/// Exactly one of the two fields.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "as above")]
struct SetTip {
    /// Percentage of the sum of the lines.
    #[schema(required = false)]
    percent: Option<Percent>,
    #[schema(required = false)]
    amount: Option<BillMoney>,
}

/// Sets the split method and the tip.
#[utoipa::path(
    put, path = "/{hash}/method", tag = "cheques", operation_id = "setMethod", request_body = SetMethod,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Changed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 409, description = "A participant has settled", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or the parts do not add up", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let (method, tip) = read(body)?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        split.set_method(method, tip).map_err(|refusal| problem(&refusal))
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

fn read(mut body: JsonBody) -> Result<(Method, Option<Tip>), Problem> {
    let mut errors = FieldErrors::default();
    let word = body.required("method", |json| {
        let word: Option<String> = serde_json::from_str(json).ok();
        let known = ["items", "equal", "shares", "percent", "exact"];
        word.filter(|word| known.contains(&word.as_str())).ok_or_else(|| format!("must be one of {}", known.join(", ")))
    });
    let tip = body.optional("tip", |json| Ok::<_, String>(read_tip(json, &mut errors))).flatten();
    // A map that does not belong to the method stays in the body, and `finish` rejects it as unknown.
    let method = match word.as_deref() {
        Some("equal") => Some(Method::Equal),
        Some("shares") => {
            let read = |json: &str| integer(0, SHARE_MAX)(json);
            let shares = body.required("shares", |json| Ok::<_, String>(errors.by_number(json, "/shares", read)));
            shares.flatten().map(|shares| Method::Shares(by_participant(shares)))
        }
        Some("percent") => {
            let read = Percent::from_json_number;
            let parts = body.required("percents", |json| Ok::<_, String>(errors.by_number(json, "/percents", read)));
            parts.flatten().map(|parts| Method::Percent(by_participant(parts)))
        }
        Some("exact") => {
            let amounts =
                body.required("amounts", |json| Ok::<_, String>(errors.by_number(json, "/amounts", not_negative)));
            amounts.flatten().map(|amounts| Method::Exact(by_participant(amounts)))
        }
        Some(_) => Some(Method::Items),
        None => None,
    };
    errors.finish(body)?;
    // `finish` has already rejected every body without a valid method.
    let method = method.ok_or_else(|| Problem::invalid_json("the method could not be read"))?;
    Ok((method, tip))
}

fn read_tip(json: &str, errors: &mut FieldErrors) -> Option<Tip> {
    errors.object(json, "/tip", |tip, errors| {
        // Counts the present fields: a present but invalid field is not reported as missing too.
        let mut given = 0;
        let percent = tip.optional("percent", |json| {
            given += 1;
            Percent::from_json_number(json)
        });
        let amount = tip.optional("amount", |json| {
            given += 1;
            not_negative(json)
        });
        if given != 1 {
            errors.add("/tip", &"must be either a percent or an amount");
        }
        percent.map(Tip::Percent).or(amount.map(Tip::Amount)).filter(|_| given == 1)
    })
}

fn by_participant<T>(parts: BTreeMap<u32, T>) -> BTreeMap<ParticipantId, T> {
    parts.into_iter().map(|(id, part)| (ParticipantId(id), part)).collect()
}

fn problem(refusal: &MethodRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        MethodRefusal::SettlementStarted => Problem::new(StatusCode::CONFLICT, "settlement_started", detail),
        MethodRefusal::UnknownParticipant(map, id) => FieldErrors::one(&format!("/{map}/{id}"), &detail),
        MethodRefusal::AmountNotWhole(id, _) => FieldErrors::one(&format!("/amounts/{id}"), &detail),
        MethodRefusal::TipNotWhole(_) => FieldErrors::one("/tip/amount", &detail),
        MethodRefusal::NoShares => FieldErrors::one("/shares", &detail),
        MethodRefusal::PercentsOff { .. } => FieldErrors::one("/percents", &detail),
        MethodRefusal::AmountsOff { .. } => FieldErrors::one("/amounts", &detail),
    }
}
