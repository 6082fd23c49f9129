//! `POST /{hash}/participants/{id}/cash`: the owner records a payment outside the app.

use super::change::change;
use super::settle;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::settle::CashRefusal;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// The owner records that a participant paid outside the app. The due is fixed and counts as paid.
#[utoipa::path(
    post, path = "/{hash}/participants/{id}/cash", tag = "participants", operation_id = "payCash",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
    ),
    responses(
        (status = 200, description = "Marked as paid in cash; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque or participant, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "Nothing is due, or it cannot be paid now", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
) -> Result<Json<StateJson>, Problem> {
    let split = change(&state, &hash, |split| {
        visitor.require_owner(split)?;
        // Participants are numbered from 1, so 0 stands for text that is not a number: no such participant.
        let id = ParticipantId(id.parse().unwrap_or(0));
        split.paid_cash(id).map(Some).map_err(|refusal| match refusal {
            CashRefusal::NoSuchParticipant => settle::no_such_participant(),
            CashRefusal::Settle(refusal) => settle::problem(refusal),
        })
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
