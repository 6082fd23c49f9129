//! `DELETE /{hash}/participants/{id}`: a participant leaves, or the owner removes them.

use super::change::change;
use super::open::participant_number;
use super::settle::no_such_participant;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::remove::RemoveRefusal;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// Leaves the cheque; the owner removes anybody. What they had claimed is free again; a percentage or an exact amount
/// passes to the owner. Participants who have paid must be given the money back first.
#[utoipa::path(
    delete, path = "/{hash}/participants/{id}", tag = "participants", operation_id = "leaveCheque",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 200, description = "Has left; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque or participant, or another person", body = ProblemDocument),
        (status = 409, description = "They have paid, or they are the owner", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
) -> Result<Json<StateJson>, Problem> {
    let id = participant_number(&id);
    let split = change(&state, &hash, visitor, |split| {
        let you = split.participant_for(visitor.0);
        if you != Some(ParticipantId::OWNER) && you != Some(id) {
            return Err(no_such_participant());
        }
        split.remove(id).map(Some).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

fn problem(refusal: RemoveRefusal) -> Problem {
    let code = match refusal {
        RemoveRefusal::NoSuchParticipant => return no_such_participant(),
        RemoveRefusal::Owner => "owner_cannot_leave",
        RemoveRefusal::SettlementStarted => "settled_already",
        RemoveRefusal::Advance => "paid_restaurant",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}
