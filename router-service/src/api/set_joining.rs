//! `PUT /{hash}/joining`: the owner lets others join, or not.

use super::change::change;
use super::visitor::Visitor;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// Whether others can join.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct Joining {
    open: bool,
}

/// Closes the cheque for people who have not joined, or opens it again.
#[utoipa::path(
    put, path = "/{hash}/joining", tag = "participants", operation_id = "setJoining", request_body = Joining,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Changed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    mut body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let open = body.required("open", |json| serde_json::from_str::<bool>(json).map_err(|_| "must be true or false"));
    body.finish()?;
    // `finish` has already rejected every body without it.
    let open = open.ok_or_else(|| Problem::invalid_json("the value could not be read"))?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        Ok(split.set_joining(open))
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
