//! `GET /groups/{key}`: a group with its balances.

use super::access::{accounts, group_key, no_such_group, seen_by};
use crate::state::State;
use crate::store::groups::load;
use crate::wire::groups::group_json::GroupJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// The group. Who is no member, and can join, sees its name and who is in it.
#[utoipa::path(
    get, path = "/groups/{key}", tag = "groups", operation_id = "getGroup",
    params(("key" = String, Path, description = "The key of the invite link")),
    responses(
        (status = 200, description = "The group", body = GroupJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "No such group, or it is closed for others", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(key): Path<String>,
) -> Result<Json<GroupJson>, Problem> {
    let group = load::find(&state.database, &group_key(&key)?).await?.ok_or_else(no_such_group)?;
    let former = group.members.iter().find(|member| member.user_id == Some(user_id));
    let can_return = former.is_some_and(|former| group.has_open_balance(former.id, accounts(&state)));
    if group.member_of(user_id).is_none() && !group.joining_open && !can_return {
        return Err(no_such_group());
    }
    Ok(Json(seen_by(&state, &group, user_id)))
}
