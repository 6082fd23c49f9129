//! `GET /groups`: the groups in which the user is.

use super::access::{accounts, group_key, invite_link};
use crate::state::State;
use crate::store::groups::group::of_user;
use crate::store::groups::load;
use crate::wire::groups::group_json::{BalanceJson, balances_of};
use axum::{Json, extract};
use contracts::ids::UserId;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use serde::Serialize;
use time::OffsetDateTime;

/// Largest number of groups in the list.
const GROUPS_MAX: i64 = 100;

/// Of how many groups the list has your balances: each is computed from everything in its group.
const BALANCES_MAX: usize = 20;

/// A group in the list.
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
    /// What you have to pay in it, by currency; negative if you are owed it. Only of the newest 20 groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    balances: Option<Vec<BalanceJson>>,
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
    let mut listed = Vec::with_capacity(groups.len());
    for (at, group) in groups.into_iter().enumerate() {
        let balances = if at < BALANCES_MAX { balances(&state, &group.key, user_id).await? } else { None };
        listed.push(ListedJson {
            url: invite_link(&state, &group.key),
            key: group.key,
            name: group.name,
            owner: group.owner_id == user_id.get(),
            members: group.members,
            cheques: group.cheques,
            balances,
            created_at: group.created_at,
        });
    }
    Ok(Json(listed))
}

/// The balances of the user; `None` if they have just left.
async fn balances(state: &State, key: &str, user_id: UserId) -> Result<Option<Vec<BalanceJson>>, Problem> {
    let Some(group) = load::find(&state.database, &group_key(key)?).await? else { return Ok(None) };
    let you = group.member_of(user_id).map(|member| member.id);
    Ok(you.map(|you| balances_of(you, &group.balances(accounts(state)))))
}
