//! `PUT /{hash}/advances`: the owner says who else has paid the restaurant.

use super::change::change;
use super::nested_body::{FieldErrors, integer, not_negative};
use super::settle::number;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::set_advances::AdvancesRefusal;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::money::{BillAmount, BillMoney};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use std::collections::BTreeMap;

/// What others than you have paid to the restaurant. You have paid the rest of the total.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct SetAdvances {
    /// The version of the state that you have seen.
    version: i64,
    /// Amounts by participant; those who are not named have paid nothing.
    advances: BTreeMap<String, BillAmount>,
}

/// Says who has paid how much to the restaurant. Then the plan of the state has the fewest payments that settle the bill.
#[utoipa::path(
    put, path = "/{hash}/advances", tag = "settlement", operation_id = "setAdvances", request_body = SetAdvances,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Changed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 409, description = "Money has moved, or the bill was changed since", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or together it is more than the total", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let (version, advances) = read(body)?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        split.set_advances(version, &advances).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

fn read(mut body: JsonBody) -> Result<(i64, BTreeMap<ParticipantId, BillMoney>), Problem> {
    let mut errors = FieldErrors::default();
    let version = body.required("version", integer(1, i64::MAX));
    let advances =
        body.required("advances", |json| Ok::<_, String>(errors.by_number(json, "/advances", not_negative))).flatten();
    errors.finish(body)?;
    // `finish` has already rejected every body without both.
    let both = version.zip(advances).ok_or_else(|| Problem::invalid_json("the amounts could not be read"));
    both.map(|(version, advances)| {
        let paid = advances.into_iter().filter(|(_, amount)| *amount > BillMoney::ZERO);
        (version, paid.map(|(id, amount)| (ParticipantId(id), amount)).collect())
    })
}

fn problem(refusal: AdvancesRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        AdvancesRefusal::SettlementStarted => Problem::new(StatusCode::CONFLICT, "settlement_started", detail),
        AdvancesRefusal::OutOfDate { .. } => Problem::new(StatusCode::CONFLICT, "bill_changed", detail),
        AdvancesRefusal::NoSuchParticipant(id) | AdvancesRefusal::NotWhole(id, _) => {
            FieldErrors::one(&format!("/advances/{id}"), &detail)
        }
        AdvancesRefusal::Owner => FieldErrors::one("/advances/1", &detail),
        AdvancesRefusal::TooMuch { total, .. } => {
            FieldErrors::one("/advances", &detail).with_member("total", number(total))
        }
    }
}
