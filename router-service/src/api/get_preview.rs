//! `GET /{hash}/preview`: what a messenger shows of a link.

use super::open::{cheque_hash, readable};
use super::visitor::Visitor;
use crate::state::State;
use crate::store::cheques;
use crate::wire::preview::preview_title;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use process::clock;
use serde::Serialize;

/// A preview of a link.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Preview)]
pub(super) struct PreviewJson {
    /// Where, when and how much, as in `Cafe Luna, 5 Feb — 1,520.00 RUB`.
    title: String,
}

/// A short description of a bill, for everyone who has its link. Programs of messengers ask for it without a person
/// waiting, so a bill that is not stored here yet is not fetched.
#[utoipa::path(
    get, path = "/{hash}/preview", tag = "cheques", operation_id = "getPreview",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "The description", body = PreviewJson),
        (status = 404, description = "No such link, or its bill has not arrived yet", body = ProblemDocument),
        (status = 410, description = "The link has expired, or the cheque was deleted", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Path(hash): Path<String>,
) -> Result<Json<PreviewJson>, Problem> {
    let hash = cheque_hash(&hash)?;
    let now = clock::now();
    let split = readable(cheques::find(&state.database, &hash).await?, Visitor::default(), now)?;
    Ok(Json(PreviewJson { title: preview_title(&split, state.accounts.as_str(), now.date()) }))
}
