//! `PUT /groups/{key}`: the owner renames the group, and lets others join, or not.

use super::access::{begin, committed, group_key, lock, not_the_owner};
use crate::api::nested_body::name;
use crate::state::State;
use crate::store;
use crate::wire::groups::group_json::GroupJson;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// What the owner can change. An omitted field stays as it is.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct ChangeGroup {
    /// 1 to 60 characters.
    #[schema(required = false)]
    name: Option<String>,
    /// Whether others can join.
    #[schema(required = false)]
    joining_open: Option<bool>,
}

/// Renames the group, or closes it for people who have not joined.
#[utoipa::path(
    put, path = "/groups/{key}", tag = "groups", operation_id = "changeGroup", request_body = ChangeGroup,
    params(("key" = String, Path, description = "The key of the invite link")),
    responses(
        (status = 200, description = "Changed", body = GroupJson),
        (status = 403, description = "Another user owns the group", body = ProblemDocument),
        (status = 404, description = "No such group", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 409, description = "You are no member", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(key): Path<String>,
    mut body: JsonBody,
) -> Result<Json<GroupJson>, Problem> {
    let key = group_key(&key)?;
    let name = body.optional("name", name(60));
    let open =
        body.optional("joining_open", |json| serde_json::from_str::<bool>(json).map_err(|_| "must be true or false"));
    body.finish()?;
    let mut tx = begin(&state, &key).await?;
    let (group, _) = lock(&mut tx, &key, user_id).await?;
    if group.owner_id != user_id {
        return Err(not_the_owner());
    }
    let (name, open) = (name.unwrap_or(group.name), open.unwrap_or(group.joining_open));
    store::groups::group::update(&mut tx, &key, &name, open).await?;
    Ok(Json(committed(&state, tx, &key, user_id).await?))
}
