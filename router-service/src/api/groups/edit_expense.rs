//! `PUT` and `DELETE /groups/{key}/expenses/{id}`: a member edits or deletes an expense.

use super::access::{accounts, begin, committed_if_none_left, group_key, lock};
use super::entry_body::{EnterExpense, problem, read};
use crate::state::State;
use crate::store::groups::expenses;
use crate::wire::groups::group_json::GroupJson;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::extract::{Path, Query};
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;
use serde::Deserialize;

/// Edits an expense. The old version stays in its history.
#[utoipa::path(
    put, path = "/groups/{key}/expenses/{id}", tag = "groups", operation_id = "editExpense",
    request_body = EnterExpense,
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("id" = u32, Path, description = "The expense"),
    ),
    responses(
        (status = 200, description = "Edited", body = GroupJson),
        (status = 404, description = "No such group or expense", body = ProblemDocument),
        (status = 409, description = "The expense was changed since that revision (`expense_changed`, with `revision`)", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or amounts do not add up", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn put(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, id)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Json<GroupJson>, Problem> {
    let key = group_key(&key)?;
    let (entry, based_on) = read(body, accounts(&state), true)?;
    let mut tx = begin(&state, &key).await?;
    let (group, you) = lock(&mut tx, &key, user_id).await?;
    let edited = group.edit_expense(you.id, number(&id), based_on, entry, clock::now()).map_err(problem)?;
    if let Some(edited) = edited {
        expenses::insert(&mut tx, &key, &edited, false).await?;
    }
    Ok(Json(committed_if_none_left(&state, tx, &group, user_id).await?))
}

/// The version that is deleted.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Seen {
    /// The `revision` that you have seen. Without it, an expense that another member has edited last is not deleted.
    #[param(value_type = Option<u32>)]
    revision: Option<String>,
}

/// Deletes an expense. It stays in its history.
#[utoipa::path(
    delete, path = "/groups/{key}/expenses/{id}", tag = "groups", operation_id = "deleteExpense",
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("id" = u32, Path, description = "The expense"),
        Seen,
    ),
    responses(
        (status = 200, description = "Deleted", body = GroupJson),
        (status = 404, description = "No such group or expense", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 409, description = "You are no member, or the expense was changed since that revision (`expense_changed`, with `revision`)", body = ProblemDocument),
        (status = 422, description = "`revision` is no number", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, id)): Path<(String, String)>,
    Query(seen): Query<Seen>,
) -> Result<Json<GroupJson>, Problem> {
    let key = group_key(&key)?;
    let based_on = seen.revision.map(|text| text.parse::<u32>()).transpose();
    let based_on = based_on.map_err(|_| Problem::invalid_parameter("revision", "must be a whole number"))?;
    let mut tx = begin(&state, &key).await?;
    let (group, you) = lock(&mut tx, &key, user_id).await?;
    let deleted = group.delete_expense(you.id, number(&id), based_on, clock::now()).map_err(problem)?;
    expenses::insert(&mut tx, &key, &deleted, true).await?;
    Ok(Json(committed_if_none_left(&state, tx, &group, user_id).await?))
}

/// The expense of a path. They are numbered from 1, so 0 stands for text that is not a number: no such expense.
pub(super) fn number(id: &str) -> u32 {
    id.parse().unwrap_or(0)
}
