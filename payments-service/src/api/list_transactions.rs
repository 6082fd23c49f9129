//! `GET /account/transactions`: the account statement, newest first.

use super::transaction_json::TransactionJson;
use crate::state::State;
use crate::store;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use http::{Uri, header};
use http_api::cursor;
use http_api::extract::Query;
use http_api::prefix::Prefix;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use serde::Deserialize;
use uuid::Uuid;

/// The page to return.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// 1 to 100 lines; 20 by default.
    limit: Option<String>,
    /// From the `Link` header of the previous page.
    cursor: Option<String>,
}

/// The user's transactions, newest first; the `Link` header refers to the next page.
#[utoipa::path(
    get, path = "/account/transactions", tag = "payments", operation_id = "listTransactions", params(Page),
    responses(
        (status = 200, description = "A page of transactions, newest first", body = Vec<TransactionJson>,
            headers(("Link" = String))),
        (status = 404, description = "No account yet", body = ProblemDocument),
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
    let before = cursor::decode(page.cursor.as_deref())?.map(Uuid::from_bytes);
    if store::accounts::balance(&state.database, user_id).await?.is_none() {
        return Err(super::problems::no_account());
    }
    // One extra row shows whether there is a next page.
    // The first page contains what the client has just done; a replica may not have it yet.
    let database = if before.is_none() { &state.database } else { &state.replica };
    let mut lines = store::ledger::statement(database, user_id, before, i64::from(limit) + 1).await?;
    let more = lines.len() > limit as usize;
    lines.truncate(limit as usize);
    let next = lines.last().filter(|_| more).map(|last| cursor::encode(last.id.as_bytes()));
    let mut response = Json(lines.into_iter().map(TransactionJson::from).collect::<Vec<_>>()).into_response();
    if let Some(link) = next.and_then(|cursor| cursor::next_link(&prefix, &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
