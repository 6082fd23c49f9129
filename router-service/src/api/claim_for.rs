//! `PUT` and `DELETE /{hash}/participants/{id}/claims/{line}`: the owner assigns a part of a line, or releases it.

use super::change::change;
use super::claim_line::{Claim, problem};
use super::open::participant_number;
use super::settle::no_such_participant;
use super::visitor::Visitor;
use crate::domain::fraction::Fraction;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// Assigns a part of a line to a participant who has not paid. It replaces the part that they had.
#[utoipa::path(
    put, path = "/{hash}/participants/{id}/claims/{line}", tag = "claims", operation_id = "assignLine",
    request_body = Claim, security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("line" = u32, Path, description = "The number of the line"),
    ),
    responses(
        (status = 200, description = "Assigned; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque, participant or line, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "Too little is left, or the participant has paid", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn put(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id, line)): Path<(String, String, String)>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let part = Claim::read(body)?;
    assign(&state, visitor, &hash, (&id, &line), part).await
}

/// Releases a participant's part of a line.
#[utoipa::path(
    delete, path = "/{hash}/participants/{id}/claims/{line}", tag = "claims", operation_id = "releaseLine",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("line" = u32, Path, description = "The number of the line"),
    ),
    responses(
        (status = 200, description = "Released; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque, participant or line, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "The participant has paid", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id, line)): Path<(String, String, String)>,
) -> Result<Json<StateJson>, Problem> {
    assign(&state, visitor, &hash, (&id, &line), Fraction::ZERO).await
}

async fn assign(
    state: &State,
    visitor: Visitor,
    hash: &str,
    (id, line): (&str, &str),
    part: Fraction,
) -> Result<Json<StateJson>, Problem> {
    let split = change(state, hash, visitor, |split| {
        visitor.require_owner(split)?;
        let who = split.participant(participant_number(id)).ok_or_else(no_such_participant)?;
        // Line numbers start at 1, so 0 stands for text that is not a number: no such line.
        split.claim(who.id, line.parse().unwrap_or(0), part).map_err(|refusal| problem(&refusal))
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
