//! `GET /operations/dead-letter-actions`: who has replayed, replaced, discarded or deleted which letter.

use crate::page;
use crate::parameters::{Parameters, invalid_parameter};
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::problem::{During, Problem};
use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::{Action, ActionFilter, Operator};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// The page to return.
#[cfg(feature = "openapi")]
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "these are the parameters of the schema; a query is read one by one")]
pub(crate) struct Query {
    /// 1 to 100 actions; 20 by default.
    limit: Option<u16>,
    /// From the `Link` header of the previous page.
    cursor: Option<String>,
    /// Only those of this operator.
    operator: Option<String>,
    /// `replayed`, `replaced`, `discarded` or `deleted`.
    action: Option<String>,
    /// Only those at this time or later, in RFC 3339.
    since: Option<String>,
    /// Only those before this time, in RFC 3339.
    until: Option<String>,
}

/// What was done with a dead letter.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterAction))]
pub(crate) struct ActionJson {
    id: i64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// `replayed`, `replaced`, `discarded` or `deleted`.
    action: String,
    /// `incoming` or `outgoing`.
    direction: &'static str,
    event_id: Uuid,
    /// The wire type of the event.
    event_type: String,
    /// Who did it, if known.
    #[cfg_attr(feature = "openapi", schema(required))]
    operator: Option<String>,
    /// The address of their client.
    #[cfg_attr(feature = "openapi", schema(required))]
    address: Option<String>,
    /// Their request, as in the logs.
    #[cfg_attr(feature = "openapi", schema(required))]
    request_id: Option<String>,
}

/// What operators did with dead letters, newest first; the `Link` header refers to the next page.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/dead-letter-actions", tag = "operations", operation_id = "listDeadLetterActions",
    params(Query),
    responses(
        (status = 200, description = "A page of actions, newest first", body = Vec<ActionJson>,
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
    let before = parameters.get("cursor").map(|text| text.parse().map_err(|_| no_cursor())).transpose()?;
    let filter = ActionFilter {
        operator: parameters.get("operator").map(str::to_owned),
        kind: parameters.get("action").map(str::to_owned),
        since: time(&parameters, "since")?,
        until: time(&parameters, "until")?,
    };
    // One extra row shows whether there is a next page.
    let actions = messaging.dead_letters().actions(&filter, before, limit + 1).await;
    let mut actions = actions.during("list actions on dead letters")?;
    let more = actions.len() > usize::from(limit);
    actions.truncate(usize::from(limit));
    let next = actions.last().filter(|_| more).map(|last: &Action| last.id.to_string());
    let mut response = Json(actions.into_iter().map(ActionJson::from).collect::<Vec<_>>()).into_response();
    if let Some(link) = next.and_then(|cursor| page::next_link(page::prefix(&headers), &uri, &cursor)) {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn no_cursor() -> Problem {
    invalid_parameter("cursor", "is not a cursor of this list")
}

fn time(parameters: &Parameters, name: &str) -> Result<Option<OffsetDateTime>, Problem> {
    let parse = |text| OffsetDateTime::parse(text, &Rfc3339).ok().filter(|time| (1900..9999).contains(&time.year()));
    let invalid = || invalid_parameter(name, "must be a time like 2026-11-21T10:00:00Z");
    parameters.get(name).map(|text| parse(text).ok_or_else(invalid)).transpose()
}

impl From<Action> for ActionJson {
    fn from(action: Action) -> Self {
        let Action { id, at, kind, direction, event_id, event_type, operator, .. } = action;
        let Operator { name, address, request_id } = operator;
        let direction = direction.word();
        Self { id, at, action: kind, direction, event_id, event_type, operator: name, address, request_id }
    }
}
