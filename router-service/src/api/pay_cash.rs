//! `POST` and `DELETE /{hash}/participants/{id}/cash`: the owner records a payment outside the app, or takes that back.

use super::change::change;
use super::open::participant_number;
use super::refund;
use super::settle::{self, agreed, read_agreement};
use super::visitor::Visitor;
use crate::domain::settle::CashRefusal;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::money::Amount;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// What was paid: the amount, or the version of the state that the owner has seen. If another amount is due, nothing is
/// recorded.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct PaidCash {
    /// The amount.
    #[schema(required = false)]
    amount: Option<Amount>,
    /// The version of the state.
    #[schema(required = false)]
    version: Option<i64>,
}

/// The owner records that a participant paid their due outside the app.
#[utoipa::path(
    post, path = "/{hash}/participants/{id}/cash", tag = "participants", operation_id = "payCash",
    request_body = PaidCash, security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
    ),
    responses(
        (status = 200, description = "Marked as paid in cash; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque or participant, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "Another amount is due (`due_changed`, with `due`), nothing is due, or it cannot be paid now", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn post(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
    mut body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let (amount, version) = read_agreement(&mut body);
    body.finish()?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        split.paid_cash(participant_number(&id), agreed(amount, version)).map(Some).map_err(|refusal| match refusal {
            CashRefusal::NoSuchParticipant => settle::no_such_participant(),
            CashRefusal::Settle(refusal) => settle::problem(refusal),
        })
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

/// The owner takes back what they recorded about payments of a participant outside the app: it was a mistake.
#[utoipa::path(
    delete, path = "/{hash}/participants/{id}/cash", tag = "participants", operation_id = "unmarkCash",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
    ),
    responses(
        (status = 200, description = "Not marked any more; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque or participant, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "Nothing is recorded, or a transfer is pending", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
) -> Result<Json<StateJson>, Problem> {
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        split.unmark_cash(participant_number(&id)).map(Some).map_err(refund::problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
