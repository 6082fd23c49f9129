//! `GET /{hash}`: the state of a shared cheque.

use super::open::open;
use super::visitor::Visitor;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// The state of a shared cheque, for everyone who has its link.
#[utoipa::path(
    get, path = "/{hash}", tag = "cheques", operation_id = "getCheque",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "The cheque, its participants and their shares", body = StateJson),
        (status = 404, description = "No such link", body = ProblemDocument),
        (status = 410, description = "The link has expired, or the cheque was deleted", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
) -> Result<Json<StateJson>, Problem> {
    let split = open(&state, &hash, visitor).await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
