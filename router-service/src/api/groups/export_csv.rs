//! `GET /groups/{key}/export.csv`: everything that counts, for a spreadsheet.

use super::access::{accounts, find, group_key};
use crate::state::State;
use crate::wire::groups::csv::csv;
use axum::extract;
use axum::response::{IntoResponse, Response};
use http::header;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// One row per item and member, in UTF-8. By member and currency, the last column adds up to the balance.
#[utoipa::path(
    get, path = "/groups/{key}/export.csv", tag = "groups", operation_id = "exportGroup",
    params(("key" = String, Path, description = "The key of the invite link")),
    responses(
        (status = 200, description = "The table", body = String, content_type = "text/csv"),
        (status = 404, description = "No such group", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 409, description = "You are no member", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(key): Path<String>,
) -> Result<Response, Problem> {
    let group = find(&state, &group_key(&key)?, user_id).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"group.csv\""),
    ];
    Ok((headers, csv(&group, accounts(&state))).into_response())
}
