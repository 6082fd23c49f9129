//! `POST /account`: opens the account, or returns the existing one.

use super::account_json::AccountJson;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http_api::problem::Problem;
use identity::Caller;
use postgres::During;

/// Opens the user's account; if it is already open, returns its balance.
#[utoipa::path(
    post, path = "/account", tag = "payments", operation_id = "openAccount",
    responses((status = 200, description = "The account, new or opened before", body = AccountJson))
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
) -> Result<Json<AccountJson>, Problem> {
    let mut tx = state.messaging.begin().await.during(format_args!("begin to open the account of user {user_id}"))?;
    let balance = store::accounts::open(&mut tx, user_id).await?;
    tx.commit().await.during(format_args!("commit the account of user {user_id}"))?;
    Ok(Json(AccountJson { user_id, balance }))
}
