//! `GET /account/balance`: the balance.

use super::account_json::AccountJson;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// The user's balance.
#[utoipa::path(
    get, path = "/account/balance", tag = "payments", operation_id = "getBalance",
    responses(
        (status = 200, description = "The account with its balance", body = AccountJson),
        (status = 404, description = "No account yet", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
) -> Result<Json<AccountJson>, Problem> {
    let balance = store::accounts::balance(&state.database, user_id).await?.ok_or_else(super::problems::no_account)?;
    Ok(Json(AccountJson { user_id, balance }))
}
