//! `GET /audit-events`: the audit trail, for administrators.

use super::administrator::Admin;
use crate::audit::Kind;
use crate::state::State;
use crate::store;
use crate::store::audit_events::{Filter, Row};
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use http::{Uri, header};
use http_api::cursor;
use http_api::extract::Query;
use http_api::prefix::Prefix;
use http_api::problem::{Problem, ProblemDocument};
use identity::parse_user_id;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Which part of the trail to return.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// 1 to 100 events; 20 by default.
    limit: Option<String>,
    /// From the `Link` header of the previous page.
    cursor: Option<String>,
    /// Only what this user did, and what is about them.
    user: Option<String>,
    /// Only this kind, for example `sign_in`.
    kind: Option<String>,
    /// Only events at this time or later, in RFC 3339.
    since: Option<String>,
    /// Only events before this time, in RFC 3339.
    until: Option<String>,
}

/// An event of the audit trail.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AuditEvent)]
struct EventJson {
    id: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// `registration`, `administrator_creation`, `sign_in`, `sign_out`, `session_end`, `sessions_end`, `session_expiry`,
    /// `password_change`, `password_reset_issue`, `password_reset`, `block`, `unblock`, `role_change`,
    /// `second_factor_on`, `second_factor_off`, `recovery_codes`, `second_factor_removal`, `refresh`,
    /// `access_token` or `administration`.
    kind: String,
    /// `done`, `failed` (a wrong password or token) or `refused` (not allowed).
    outcome: String,
    /// Equal events within a second are listed once.
    count: i64,
    /// Who did it, if known.
    #[schema(required)]
    actor: Option<UserName>,
    /// Whom it is about, if known.
    #[schema(required)]
    subject: Option<UserName>,
    /// The address of the client.
    #[schema(required)]
    address: Option<String>,
    /// The request, as in the logs.
    #[schema(required)]
    request_id: Option<String>,
    /// More about it.
    #[schema(required)]
    detail: Option<String>,
}

/// A user by id and login.
#[derive(Serialize, utoipa::ToSchema)]
struct UserName {
    id: i64,
    #[schema(required)]
    login: Option<String>,
}

/// A page of the audit trail.
#[derive(Serialize, utoipa::ToSchema)]
struct AuditEvents {
    events: Vec<EventJson>,
}

/// What was done, tried and refused, newest first; the `Link` header refers to the next page.
#[utoipa::path(
    get, path = "/audit-events", tag = "administration", operation_id = "listAuditEvents", params(Page),
    responses(
        (status = 200, description = "A page of the audit trail", body = AuditEvents, headers(("Link" = String))),
        (status = 404, description = "Not an administrator", body = ProblemDocument),
        (status = 422, description = "A parameter is invalid", body = ProblemDocument),
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
    let before = cursor::decode(page.cursor.as_deref())?.map_or(i128::from(i64::MAX), i128::from_be_bytes);
    let before =
        i64::try_from(before).map_err(|_| Problem::invalid_parameter("cursor", "is not a cursor of this list"))?;
    let filter = filter(&page)?;
    // One extra row shows whether there is a next page.
    let mut rows = store::audit_events::list(&state.database, &filter, before, i64::from(limit) + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| cursor::encode(&i128::from(last.id).to_be_bytes()));
    let mut response = Json(AuditEvents { events: rows.into_iter().map(EventJson::from).collect() }).into_response();
    if let Some(link) = next.and_then(|cursor| cursor::next_link(&prefix, &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn filter(page: &Page) -> Result<Filter, Problem> {
    let user = page
        .user
        .as_deref()
        .map(|text| parse_user_id(text).ok_or_else(|| Problem::invalid_parameter("user", "must be the id of a user")));
    let kind = page.kind.as_deref().map(|text| {
        Kind::parse(text).map(Kind::as_str).ok_or_else(|| Problem::invalid_parameter("kind", "is unknown"))
    });
    let (since, until) = (time("since", page.since.as_deref())?, time("until", page.until.as_deref())?);
    Ok(Filter { user: user.transpose()?, kind: kind.transpose()?, since, until })
}

fn time(name: &'static str, text: Option<&str>) -> Result<Option<OffsetDateTime>, Problem> {
    let parse = |text| OffsetDateTime::parse(text, &Rfc3339).ok().filter(|time| (1900..9999).contains(&time.year()));
    let invalid = || Problem::invalid_parameter(name, "must be a time like 2026-11-21T10:00:00Z");
    text.map(|text| parse(text).ok_or_else(invalid)).transpose()
}

impl From<Row> for EventJson {
    fn from(row: Row) -> Self {
        let Row { id, at, kind, outcome, count, address, request_id, detail, .. } = row;
        let name = |id: Option<i64>, login| id.map(|id| UserName { id, login });
        let (actor, subject) = (name(row.actor_id, row.actor_login), name(row.subject_id, row.subject_login));
        Self { id, at, kind, outcome, count, actor, subject, address, request_id, detail }
    }
}
