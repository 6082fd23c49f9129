//! `GET /{hash}/dues`: what each participant owes, part by part.

use super::open::open;
use super::visitor::Visitor;
use crate::state::State;
use crate::wire::dues_json::DuesJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// What each participant owes, part by part. All dues plus the unclaimed amount add up to the total.
#[utoipa::path(
    get, path = "/{hash}/dues", tag = "cheques", operation_id = "getDues",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "What each participant owes", body = DuesJson),
        (status = 404, description = "No such link", body = ProblemDocument),
        (status = 410, description = "The link has expired, or the cheque was deleted", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
) -> Result<Json<DuesJson>, Problem> {
    Ok(Json(DuesJson::of(&open(&state, &hash, visitor).await?)))
}
