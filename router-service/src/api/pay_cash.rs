//! `POST` and `DELETE /{hash}/participants/{id}/cash`: the owner, or who got the money, records a payment outside the app;
//! the owner takes that back.

use super::change::change;
use super::nested_body::{integer, name};
use super::open::participant_number;
use super::refund;
use super::settle::{self, read_agreement};
use super::visitor::Visitor;
use crate::domain::outside::{Outside, OutsideMeans};
use crate::domain::participant::ParticipantId;
use crate::domain::settle::CashRefusal;
use crate::domain::split::Split;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::money::BillAmount;
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
    amount: Option<BillAmount>,
    /// The version of the state.
    #[schema(required = false)]
    version: Option<i64>,
    /// The participant who has received it; optional if the payer owes only one.
    #[schema(required = false)]
    to: Option<u32>,
    /// `cash`, which is the default, or `other`.
    #[schema(required = false)]
    means: Option<String>,
    /// 1 to 100 characters.
    #[schema(required = false)]
    note: Option<String>,
}

/// The owner, or who got the money, records that a participant paid what they owe outside the app.
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
    let agreed = read_agreement(&mut body);
    let to = body.optional("to", integer(1, u32::MAX)).map(ParticipantId);
    let means = body.optional("means", |json| {
        let means = serde_json::from_str(json).ok().and_then(OutsideMeans::from_name);
        means.ok_or("must be cash or other")
    });
    let note = body.optional("note", name(100));
    body.finish()?;
    let outside = Outside { means: means.unwrap_or(OutsideMeans::Cash), note };
    let id = participant_number(&id);
    let split = change(&state, &hash, visitor, |split| {
        if !is_receiver(split, visitor, id, to) {
            visitor.require_owner(split)?;
        }
        split.record_cash(id, to, agreed, outside).map(Some).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

/// Whether the visitor is another participant than the owner, who has paid the restaurant too and gets the money.
fn is_receiver(split: &Split, visitor: Visitor, id: ParticipantId, to: Option<ParticipantId>) -> bool {
    let you = split.participant_for(visitor.0).filter(|you| *you != ParticipantId::OWNER && *you != id);
    split.has_several_payers() && you.is_some_and(|you| split.receiver(id, to) == Ok(you))
}

pub(super) fn problem(refusal: CashRefusal) -> Problem {
    match refusal {
        CashRefusal::NoSuchParticipant => settle::no_such_participant(),
        CashRefusal::Settle(refusal) => settle::problem(refusal),
    }
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
