//! `POST /groups/{key}/expenses`: a member enters an expense.

use super::access::{accounts, changed, group_key, lock};
use super::entry_body::{EnterExpense, problem, read};
use super::once::{Begun, Once};
use crate::state::State;
use crate::store::groups::expenses;
use crate::wire::groups::group_json::GroupJson;
use axum::extract;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;

/// Enters an expense. It is divided in smallest units of its currency; the parts add up to the amount.
#[utoipa::path(
    post, path = "/groups/{key}/expenses", tag = "groups", operation_id = "addExpense", request_body = EnterExpense,
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 201, description = "Entered", body = GroupJson),
        (status = 404, description = "No such group", body = ProblemDocument),
        (status = 409, description = "You are no member, or there are too many expenses", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or amounts do not add up", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let key = group_key(&key)?;
    let bytes = body.bytes().clone();
    let (entry, _) = read(body, accounts(&state), false)?;
    let route = "POST /groups/{key}/expenses";
    let mut once = match Once::begin(&state, &headers, user_id, route, key.as_str(), &bytes).await? {
        Begun::New(once) => once,
        Begun::Before(response) => return Ok(response),
    };
    let (group, you) = lock(&mut once.tx, &key, user_id).await?;
    let expense = group.add_expense(you.id, entry, clock::now()).map_err(problem)?;
    expenses::insert(&mut once.tx, &key, &expense, false).await?;
    let json = changed(&state, &mut once.tx, &key, user_id).await?;
    once.respond(StatusCode::CREATED, &json).await
}
