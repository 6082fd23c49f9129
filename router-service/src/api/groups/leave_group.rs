//! `DELETE /groups/{key}/members/{id}`: a member leaves, or the owner removes them.

use super::access::{accounts, begin, committed, group_key, lock, member_number, no_such_member, not_the_owner};
use crate::domain::groups::leave::LeaveRefusal;
use crate::state::State;
use crate::store::groups::members;
use crate::wire::groups::group_json::GroupJson;
use axum::{Json, extract};
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;

/// Leaves the group; the owner removes others. What they have shared stays in the group, so their balance must be 0.
#[utoipa::path(
    delete, path = "/groups/{key}/members/{id}", tag = "groups", operation_id = "leaveGroup",
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("id" = u32, Path, description = "The member"),
    ),
    responses(
        (status = 200, description = "Has left", body = GroupJson),
        (status = 403, description = "Another user owns the group", body = ProblemDocument),
        (status = 404, description = "No such group or member", body = ProblemDocument),
        (status = 409, description = "Their balance is not 0 (`balance_open`), a payment is pending, or they own the group", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, id)): Path<(String, String)>,
) -> Result<Json<GroupJson>, Problem> {
    let (key, id) = (group_key(&key)?, member_number(&id));
    let mut tx = begin(&state, &key).await?;
    let (group, you) = lock(&mut tx, &key, user_id).await?;
    if you.id != id && group.owner_id != user_id {
        return Err(not_the_owner());
    }
    group.leave(id, accounts(&state)).map_err(problem)?;
    members::leave(&mut tx, &key, id, clock::now()).await?;
    Ok(Json(committed(&state, tx, &key, user_id).await?))
}

fn problem(refusal: LeaveRefusal) -> Problem {
    let code = match refusal {
        LeaveRefusal::NoSuchMember => return no_such_member(),
        LeaveRefusal::Owner => "owner_cannot_leave",
        LeaveRefusal::Balance => "balance_open",
        LeaveRefusal::Pending => "settlement_pending",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}
