//! `GET /groups`: the groups in which the user is.

use super::access::invite_link;
use crate::state::State;
use crate::store::groups::group::of_user;
use axum::{Json, extract};
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use serde::Serialize;
use time::OffsetDateTime;

/// Largest number of groups in the list.
const GROUPS_MAX: i64 = 100;

/// A group in the list. Its balances are in the group itself, because they are computed from everything in it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ListedGroup)]
pub(super) struct ListedJson {
    /// The key of the invite link.
    key: String,
    /// The invite link.
    url: String,
    /// Its name.
    name: String,
    /// Whether you own it.
    owner: bool,
    /// How many are in it.
    members: i64,
    /// The bills that count in it.
    cheques: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// The groups in which you are, newest first, at most 100.
#[utoipa::path(
    get, path = "/groups", tag = "groups", operation_id = "listGroups",
    responses(
        (status = 200, description = "The groups of the caller", body = Vec<ListedJson>),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
) -> Result<Json<Vec<ListedJson>>, Problem> {
    let groups = of_user(&state.database, user_id, GROUPS_MAX).await?;
    let listed = groups.into_iter().map(|group| ListedJson {
        url: invite_link(&state, &group.key),
        key: group.key,
        name: group.name,
        owner: group.owner_id == user_id.get(),
        members: group.members,
        cheques: group.cheques,
        created_at: group.created_at,
    });
    Ok(Json(listed.collect()))
}
