//! `GET /groups/{key}/expenses/{id}/history`: every version of an expense.

use super::access::{find, group_key};
use super::edit_expense::number;
use super::entry_body::no_such_expense;
use crate::state::State;
use crate::store::groups::expenses;
use crate::wire::groups::expense_json::ExpenseJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use serde::Serialize;

/// A version of an expense.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ExpenseVersion)]
pub(super) struct VersionJson {
    #[serde(flatten)]
    expense: ExpenseJson,
    /// Whether this version deleted the expense.
    deleted: bool,
}

/// Every version of an expense, the newest first; also of one that was deleted.
#[utoipa::path(
    get, path = "/groups/{key}/expenses/{id}/history", tag = "groups", operation_id = "expenseHistory",
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("id" = u32, Path, description = "The expense"),
    ),
    responses(
        (status = 200, description = "The versions", body = Vec<VersionJson>),
        (status = 404, description = "No such group or expense", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 409, description = "You are no member", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, id)): Path<(String, String)>,
) -> Result<Json<Vec<VersionJson>>, Problem> {
    let (key, id) = (group_key(&key)?, number(&id));
    let group = find(&state, &key, user_id).await?;
    let versions = expenses::history(&state.database, &key, id).await?;
    if versions.is_empty() {
        return Err(no_such_expense());
    }
    let seed = group.seed_of(id);
    let json = |version: expenses::Version| VersionJson {
        expense: ExpenseJson::of(&version.expense, seed),
        deleted: version.deleted,
    };
    Ok(Json(versions.into_iter().map(json).collect()))
}
