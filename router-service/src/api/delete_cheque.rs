//! `DELETE /{hash}`: the owner deletes the cheque.

use super::change::{lock, of_version};
use super::visitor::Visitor;
use crate::domain::delete::DeleteRefusal;
use crate::state::State;
use crate::store;
use axum::extract;
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;
use process::clock;
use tracing::info;

/// Deletes the cheque and its photo, as long as no participant has settled.
#[utoipa::path(
    delete, path = "/{hash}", tag = "cheques", operation_id = "deleteCheque",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 409, description = "A participant has settled, or the cheque counts in a group", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
) -> Result<StatusCode, Problem> {
    let (mut tx, split) = lock(&state, &hash, visitor).await?;
    visitor.require_owner(&split)?;
    let deleted = split.delete().map_err(|refusal| {
        let code = match refusal {
            DeleteRefusal::SettlementStarted => "settlement_started",
            DeleteRefusal::InGroup => "in_group",
        };
        let problem = Problem::new(StatusCode::CONFLICT, code, refusal.to_string());
        of_version(problem, split.version)
    })?;
    store::cheques::delete(&mut tx, &split, clock::now()).await?;
    let version = split.version + 1;
    tx.append(&deleted, version).map_err(|error| Problem::internal(&error))?;
    let hub = state.hub.clone();
    tx.after_commit(move || hub.announce_end(&deleted.hash, version));
    tx.commit().await.during(format_args!("commit the deletion of cheque {}", split.hash.shortened()))?;
    let cheque = split.hash.shortened();
    info!(%cheque, "cheque {cheque} was deleted by its owner");
    Ok(StatusCode::NO_CONTENT)
}
