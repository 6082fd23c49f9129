//! `POST /{hash}/renew`: the owner lets an expired link live again.

use super::change::{lock, of_version, store};
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;

/// Lets the link live for `LINK_DAYS` from now, whether it has expired or not. Every change of the cheque does so, too.
#[utoipa::path(
    post, path = "/{hash}/renew", tag = "cheques", operation_id = "renewLink",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Renewed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 410, description = "The cheque was deleted", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
) -> Result<Json<StateJson>, Problem> {
    let (mut tx, before) = lock(&state, &hash, visitor).await?;
    visitor.require_owner(&before).map_err(|problem| of_version(problem, before.version))?;
    let after = store(&state, &mut tx, &before, &before.next(), Some(ParticipantId::OWNER)).await?;
    tx.commit().await.during(format_args!("commit the renewal of cheque {}", after.hash.shortened()))?;
    Ok(Json(StateJson::of(&after, after.participant_for(visitor.0))))
}
