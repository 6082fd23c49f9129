//! `GET /operations/dead-letters`: lists dead letters, newest first.

use crate::dead_letter_json::DeadLetterJson;
use crate::page;
use crate::parameters::Parameters;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::problem::{During, Problem};
use crate::selection;
use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::DeadLetter;

/// The dead letters, newest first; the `Link` header refers to the next page.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/dead-letters", tag = "operations", operation_id = "listDeadLetters",
    params(selection::Query),
    responses(
        (status = 200, description = "A page of dead letters, newest first", body = Vec<DeadLetterJson>,
            headers(("Link" = String))),
        (status = 422, description = "A parameter is invalid", body = ProblemDocument),
    )
))]
pub(crate) async fn handler(
    State(messaging): State<Messaging>,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let limit = page::limit(parameters.get("limit"))?;
    let after = page::decode(parameters.get("cursor"))?;
    let filter = selection::from_query(&parameters)?;
    // One extra row shows whether there is a next page.
    let mut letters = messaging.dead_letters().list(&filter, after, limit + 1).await.during("list dead letters")?;
    let more = letters.len() > usize::from(limit);
    letters.truncate(usize::from(limit));
    let next = letters.last().filter(|_| more).map(|last: &DeadLetter| page::encode(last.position()));
    let mut response = Json(letters.into_iter().map(DeadLetterJson::from).collect::<Vec<_>>()).into_response();
    if let Some(link) = next.and_then(|cursor| page::next_link(page::prefix(&headers), &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
