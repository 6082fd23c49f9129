//! `GET /cheques/{hash}`: a cheque as it was recognised, for its owner.

use super::cheque_json::ChequeJson;
use crate::state::State;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;

/// A cheque of the user, as it was first recognised.
#[utoipa::path(
    get, path = "/cheques/{hash}", tag = "cheques", operation_id = "getCheque",
    params(("hash" = String, Path, description = "The key of the cheque's link")),
    responses(
        (status = 200, description = "The cheque", body = ChequeJson),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 410, description = "Deleted, or expired", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(hash): Path<String>,
) -> Result<Json<ChequeJson>, Problem> {
    let stored = super::find_cheque::find(&state, hash).await?;
    if stored.owner_id != user_id {
        return Err(super::find_cheque::no_such_cheque());
    }
    let cheque = stored.open(clock::now()).cloned().ok_or_else(super::find_cheque::expired)?;
    Ok(Json(ChequeJson::new(&stored, cheque, &state.share_base_url)))
}
