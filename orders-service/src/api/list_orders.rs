//! `GET /orders`: the user's orders, newest first.

use super::order_json::OrderJson;
use crate::domain::order::Status;
use crate::state::State;
use crate::store;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use contracts::ids::OrderId;
use http::{Uri, header};
use http_api::cursor;
use http_api::extract::Query;
use http_api::prefix::Prefix;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use serde::Deserialize;
use uuid::Uuid;

/// Filter and paging parameters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Only orders in this status.
    status: Option<String>,
    /// Page size, 1 to 100; the default is 20.
    limit: Option<String>,
    /// The cursor from the `Link` header of the previous page.
    cursor: Option<String>,
}

/// The user's orders, newest first. The `Link` header has the URL of the next page.
#[utoipa::path(
    get, path = "/orders", tag = "orders", operation_id = "listOrders", params(Page),
    responses(
        (status = 200, description = "A page of orders, newest first", body = Vec<OrderJson>,
            headers(("Link" = String))),
        (status = 422, description = "A parameter is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Prefix(prefix): Prefix,
    uri: Uri,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let limit = cursor::limit(page.limit.as_deref())?;
    let before = cursor::decode(page.cursor.as_deref())?.map(|bytes| OrderId(Uuid::from_bytes(bytes)));
    let status: Option<Status> =
        page.status.map(|word| word.parse()).transpose().map_err(|error: crate::domain::order::UnknownStatus| {
            Problem::invalid_parameter("status", &error.to_string())
        })?;
    // Reads one row more than the page size to know whether there is a next page.
    // The first page contains what the client has just placed; a replica may not have it yet.
    let database = if before.is_none() { &state.database } else { &state.replica };
    let mut orders = store::orders::page(database, user_id, status, before, i64::from(limit) + 1).await?;
    let more = orders.len() > limit as usize;
    orders.truncate(limit as usize);
    let next = orders.last().filter(|_| more).map(|last| cursor::encode(last.id.0.as_bytes()));
    let mut response = Json(orders.into_iter().map(OrderJson::from).collect::<Vec<_>>()).into_response();
    if let Some(link) = next.and_then(|cursor| cursor::next_link(&prefix, &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
