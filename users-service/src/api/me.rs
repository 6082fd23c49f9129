//! `GET /me`: the caller's user.

use super::user_json::UserJson;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// The caller.
#[utoipa::path(
    get, path = "/me", tag = "users", operation_id = "getMe",
    responses(
        (status = 200, description = "The caller", body = UserJson),
        (status = 404, description = "In development mode: no user has this number", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(id): Caller,
) -> Result<Json<UserJson>, Problem> {
    let user = store::users::find(&state.database, id.get()).await?.ok_or_else(super::problems::no_such_user)?;
    Ok(Json(user.into()))
}
