//! `GET /{hash}/activity`: who changed what.

use super::open::open;
use super::visitor::Visitor;
use crate::state::State;
use crate::store::activity::{self, Entry};
use crate::wire::activity_json::ChangeJson;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use http::{Uri, header};
use http_api::cursor;
use http_api::extract::{Path, Query};
use http_api::prefix::Prefix;
use http_api::problem::{Problem, ProblemDocument};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;

/// Paging parameters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// Page size, 1 to 100; the default is 20.
    limit: Option<String>,
    /// The cursor from the `Link` header of the previous page.
    cursor: Option<String>,
}

/// What one change of the cheque has changed.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Activity)]
struct ActivityJson {
    /// The version of the state that it has made.
    version: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// The participant who made it; `null` for the answer about a transfer.
    by: Option<u32>,
    /// How often, if a participant has claimed and released a line several times in a row: `changes` is the last of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    /// What has changed.
    #[schema(value_type = Vec<ChangeJson>)]
    changes: Box<RawValue>,
}

/// Who changed what, newest first, for as long as the cheque exists; of claims and names the latest 1000 entries. The `Link` header has the URL of the next page.
#[utoipa::path(
    get, path = "/{hash}/activity", tag = "cheques", operation_id = "listActivity",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link"), Page),
    responses(
        (status = 200, description = "A page of changes, newest first", body = Vec<ActivityJson>,
            headers(("Link" = String))),
        (status = 404, description = "No such link", body = ProblemDocument),
        (status = 410, description = "The link has expired, or the cheque was deleted", body = ProblemDocument),
        (status = 422, description = "A parameter is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    Prefix(prefix): Prefix,
    uri: Uri,
    Query(page): Query<Page>,
) -> Result<Response, Problem> {
    let limit = cursor::limit(page.limit.as_deref())?;
    let before = cursor::decode(page.cursor.as_deref())?.map(i128::from_be_bytes);
    let before = before.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    let split = open(&state, &hash, visitor).await?;
    // Reads one row more than the page size to know whether there is a next page.
    let mut entries = activity::page(&state.database, &split.hash, before, i64::from(limit) + 1).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| more).map(|last| cursor::encode(&i128::from(last.version).to_be_bytes()));
    let mut response = Json(entries.into_iter().map(json).collect::<Vec<_>>()).into_response();
    if let Some(link) = next.and_then(|cursor| cursor::next_link(&prefix, &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn json(entry: Entry) -> ActivityJson {
    let Entry { version, at, by, times, changes } = entry;
    ActivityJson { version, at, by, times: Some(times).filter(|times| *times > 1), changes }
}
