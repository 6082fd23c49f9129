//! `DELETE /groups/{key}/settlements/{id}`: cash that was recorded by mistake.

use super::access::{begin, committed_if_none_left, group_key, lock};
use crate::domain::groups::settle_up::WithdrawRefusal;
use crate::state::State;
use crate::store::groups::settlements;
use crate::wire::groups::group_json::GroupJson;
use axum::{Json, extract};
use contracts::ids::TransferId;
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// Withdraws cash that was recorded by mistake. A transfer has moved money: who got it pays it back.
#[utoipa::path(
    delete, path = "/groups/{key}/settlements/{id}", tag = "groups", operation_id = "withdrawCash",
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("id" = String, Path, description = "The payment"),
    ),
    responses(
        (status = 200, description = "Withdrawn", body = GroupJson),
        (status = 403, description = "Another member got it", body = ProblemDocument),
        (status = 404, description = "No such group or payment", body = ProblemDocument),
        (status = 409, description = "It is a transfer", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, id)): Path<(String, String)>,
) -> Result<Json<GroupJson>, Problem> {
    let key = group_key(&key)?;
    let id = id.parse().map(TransferId).map_err(|_| problem(WithdrawRefusal::NoSuchSettlement))?;
    let mut tx = begin(&state, &key).await?;
    let (group, you) = lock(&mut tx, &key, user_id).await?;
    group.withdraw(&you, id).map_err(problem)?;
    settlements::withdraw(&mut tx, id).await?;
    Ok(Json(committed_if_none_left(&state, tx, &group, user_id).await?))
}

fn problem(refusal: WithdrawRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        WithdrawRefusal::NoSuchSettlement => Problem::not_found("settlement_not_found", detail),
        WithdrawRefusal::Transfer => Problem::new(StatusCode::CONFLICT, "transfer_is_final", detail),
        WithdrawRefusal::NotTheReceiver => Problem::new(StatusCode::FORBIDDEN, "not_the_receiver", detail),
    }
}
