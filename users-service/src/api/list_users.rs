//! `GET /users`: all users, for administrators.

use super::administrator::Admin;
use super::user_json::UserJson;
use crate::state::State;
use crate::store;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use http::{Uri, header};
use http_api::cursor;
use http_api::extract::Query;
use http_api::prefix::Prefix;
use http_api::problem::{Problem, ProblemDocument};
use serde::{Deserialize, Serialize};

/// The page to return.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// 1 to 100 users; 20 by default.
    limit: Option<String>,
    /// From the `Link` header of the previous page.
    cursor: Option<String>,
}

/// A page of users.
#[derive(Serialize, utoipa::ToSchema)]
struct Users {
    users: Vec<UserJson>,
}

/// All users in the order of registration; the `Link` header refers to the next page.
#[utoipa::path(
    get, path = "/users", tag = "administration", operation_id = "listUsers", params(Page),
    responses(
        (status = 200, description = "A page of users", body = Users, headers(("Link" = String))),
        (status = 404, description = "Not an administrator", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    _: Admin,
    Prefix(prefix): Prefix,
    uri: Uri,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let limit = cursor::limit(page.limit.as_deref())?;
    let after = cursor::decode(page.cursor.as_deref())?.map_or(0, i128::from_be_bytes);
    let after =
        i64::try_from(after).map_err(|_| Problem::invalid_parameter("cursor", "is not a cursor of this list"))?;
    // One extra row shows whether there is a next page.
    let mut users = store::users::list(&state.database, after, i64::from(limit) + 1).await?;
    let more = users.len() > limit as usize;
    users.truncate(limit as usize);
    let next = users.last().filter(|_| more).map(|last| cursor::encode(&i128::from(last.id.get()).to_be_bytes()));
    let users = Users { users: users.into_iter().map(UserJson::from).collect() };
    let mut response = Json(users).into_response();
    if let Some(link) = next.and_then(|cursor| cursor::next_link(&prefix, &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
