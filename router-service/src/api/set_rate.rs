//! `PUT /{hash}/rate`: the owner names the rate for a bill in another currency.

use super::change::change;
use super::nested_body::FieldErrors;
use super::visitor::Visitor;
use crate::domain::rate::Rate;
use crate::domain::set_rate::RateRefusal;
use crate::state::State;
use crate::wire::split_json::{RateJson, StateJson};
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// The rate, or null: then dues can only be paid in cash.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct SetRate {
    /// Units of the accounts' currency for one unit of the bill's currency, with at most six decimals.
    rate: Option<RateJson>,
}

/// Names the rate at which the dues of a bill in another currency are transferred; everybody sees it.
#[utoipa::path(
    put, path = "/{hash}/rate", tag = "cheques", operation_id = "setRate", request_body = SetRate,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Changed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 409, description = "A participant has settled", body = ProblemDocument),
        (status = 422, description = "Not a rate, or the bill is in the currency of the accounts", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    mut body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let rate = body.required("rate", |json| match json {
        "null" => Ok(None),
        number => Rate::from_json_number(number).map(Some),
    });
    body.finish()?;
    // `finish` has already rejected every body without it.
    let rate = rate.ok_or_else(|| Problem::invalid_json("the rate could not be read"))?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        if rate.is_some() && split.cheque.currency.as_deref().is_none_or(|currency| currency == state.accounts.as_str())
        {
            return Err(FieldErrors::one("/rate", "the bill is in the currency of the accounts"));
        }
        split.set_rate(rate).map_err(|refusal| match refusal {
            RateRefusal::SettlementStarted => {
                Problem::new(StatusCode::CONFLICT, "settlement_started", refusal.to_string())
            }
        })
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
