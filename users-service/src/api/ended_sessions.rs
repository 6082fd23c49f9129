//! `GET /internal/ended-sessions`: the sessions that have ended, for gateways. They ask every second, and refuse the
//! access tokens of these sessions and close their sockets. It is not in the OpenAPI document, because the gateway
//! forwards nothing below `/internal`.

use crate::state::State;
use crate::store;
use crate::store::sessions::Ended;
use axum::routing::get;
use axum::{Json, Router, extract};
use http_api::extract::Query;
use http_api::problem::Problem;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Sessions per response.
const LIMIT: i64 = 5000;
/// Without a cursor: longer than an access token is valid.
const PAST: Duration = Duration::minutes(15);
/// A session ends at the time at which its transaction began, and is visible when that commits. So the next request
/// repeats what ended in this time, which is longer than a request may take.
const OVERLAP: Duration = Duration::seconds(40);

/// Where to go on.
#[derive(Deserialize)]
struct From {
    /// From the previous response.
    after: Option<String>,
}

/// Sessions that ended after a cursor, oldest first.
#[derive(Serialize)]
struct EndedSessions {
    sessions: Vec<Uuid>,
    /// For the next request.
    cursor: String,
    /// Whether there are more of them now.
    more: bool,
}

/// The route.
pub(super) fn routes() -> Router<State> {
    Router::new().route("/internal/ended-sessions", get(handler))
}

async fn handler(
    extract::State(state): extract::State<State>,
    Query(From { after }): Query<From>,
) -> Result<Json<EndedSessions>, Problem> {
    // Before the list is read: what ends between the two belongs to the next response.
    let now = store::sessions::now(&state.database).await?;
    let (at, id) = match after {
        Some(cursor) => parse(&cursor).ok_or_else(|| Problem::invalid_parameter("after", "is not a cursor"))?,
        None => (now - PAST, Uuid::nil()),
    };
    let ended = store::sessions::ended_after(&state.database, at, id, LIMIT).await?;
    let last = ended.last().filter(|_| i64::try_from(ended.len()) == Ok(LIMIT));
    let more = last.is_some();
    let cursor = match last {
        Some(Ended { id, at }) => cursor(*at, *id),
        None => cursor(now - OVERLAP, Uuid::nil()),
    };
    Ok(Json(EndedSessions { sessions: ended.iter().map(|ended| ended.id).collect(), cursor, more }))
}

fn cursor(at: OffsetDateTime, id: Uuid) -> String {
    format!("{}.{}", at.unix_timestamp_nanos() / 1000, id.simple())
}

fn parse(cursor: &str) -> Option<(OffsetDateTime, Uuid)> {
    let (micros, id) = cursor.split_once('.')?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(micros.parse::<i128>().ok()?.checked_mul(1000)?).ok()?;
    Some((at, Uuid::try_parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let (at, id) = (OffsetDateTime::UNIX_EPOCH + Duration::microseconds(1_700_000_000_123_456), Uuid::now_v7());
        assert_eq!(parse(&cursor(at, id)), Some((at, id)));
        for text in ["", "1", "1.x", "x.00000000000000000000000000000000", "99999999999999999999999999999999999999.0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
