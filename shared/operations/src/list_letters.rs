//! `GET /operations/dead-letters`: what was given up, newest first.

use crate::letter_json::LetterJson;
use crate::page;
use crate::selection::Query;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use chassis::cursor;
use chassis::identity::Prefix;
use chassis::problem::{Problem, ProblemDocument};
use http::{Uri, header};
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::Letter;

/// What was given up, newest first; the `Link` header leads to the next page.
#[utoipa::path(
    get, path = "/operations/dead-letters", tag = "operations", operation_id = "listDeadLetters", params(Query),
    responses(
        (status = 200, body = Vec<LetterJson>, headers(("Link" = String))),
        (status = 422, description = "A parameter is wrong", body = ProblemDocument),
    )
)]
pub(crate) async fn handler(
    extract::State(messaging): extract::State<Messaging>,
    Prefix(prefix): Prefix,
    uri: Uri,
    extract::Query(query): extract::Query<Query>,
) -> Result<Response, Problem> {
    let limit = usize::try_from(cursor::limit(query.limit.as_deref())?).unwrap_or(0);
    let after = page::decode(query.cursor.as_deref())?;
    // One more than asked for tells whether there is a next page.
    let rows = u16::try_from(limit + 1).unwrap_or(u16::MAX);
    let mut letters = messaging.dead_letters().list(&query.filter()?, after, rows).await?;
    let more = letters.len() > limit;
    letters.truncate(limit);
    let next = letters.last().filter(|_| more).map(|last: &Letter| page::encode(last.position()));
    let mut response = Json(letters.into_iter().map(LetterJson::from).collect::<Vec<_>>()).into_response();
    if let Some(link) = next.and_then(|cursor| cursor::next_link(&prefix, &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
