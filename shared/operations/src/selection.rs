//! The selection of letters in requests.

use crate::body::{JsonBody, text_up_to};
use crate::parameters::{Parameters, invalid_parameter};
use crate::problem::Problem;
use rabbit_outbox::dead_letters::{Filter, State};
use std::fmt::Display;
use std::str::FromStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Longest search text for reasons and types.
const TEXT_CHARS_MAX: usize = 200;

/// The selection of letters in a query.
#[cfg(feature = "openapi")]
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "these are the parameters of the document; they are read by name")]
pub(crate) struct Query {
    /// `open` (default), `replayed` or `discarded`.
    state: Option<String>,
    /// `incoming` or `outgoing`.
    direction: Option<String>,
    /// The wire type.
    #[param(rename = "type")]
    event_type: Option<String>,
    /// A text that the reason contains.
    reason: Option<String>,
    /// 1 to 100 letters; 20 by default.
    limit: Option<String>,
    /// From the `Link` header of the previous page.
    cursor: Option<String>,
}

/// The selection of letters in a body. Missing fields match everything; only open letters can be settled.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = DeadLetterFilter)]
#[expect(dead_code, reason = "these are the fields of the schema; a body is read into a `Filter`")]
pub(crate) struct Selection {
    /// Only `open` can match a letter.
    #[schema(required = false)]
    state: Option<String>,
    /// `incoming` or `outgoing`.
    #[schema(required = false)]
    direction: Option<String>,
    /// The wire type.
    #[schema(required = false, rename = "type")]
    event_type: Option<String>,
    /// A text that the reason contains.
    #[schema(required = false)]
    reason: Option<String>,
    /// Only letters that failed before this time, in RFC 3339.
    #[schema(required = false)]
    failed_before: Option<String>,
}

/// Parses the filter in a query.
pub(crate) fn from_query(parameters: &Parameters) -> Result<Filter, Problem> {
    Ok(Filter {
        state: Some(parameter("state", parameters.get("state"))?.unwrap_or(State::Open)),
        direction: parameter("direction", parameters.get("direction"))?,
        event_type: parameters.get("type").map(str::to_owned),
        reason: parameters.get("reason").map(str::to_owned),
        ..Filter::default()
    })
}

/// Parses the filter in a body.
pub(crate) fn from_body(mut body: JsonBody) -> Result<Filter, Problem> {
    let filter = Filter {
        state: body.optional("state", parse_text),
        direction: body.optional("direction", parse_text),
        event_type: body.optional("type", text_up_to(TEXT_CHARS_MAX)),
        reason: body.optional("reason", text_up_to(TEXT_CHARS_MAX)),
        failed_before: body.optional("failed_before", parse_time),
        failed_after: None,
    };
    body.finish()?;
    Ok(filter)
}

fn parameter<T: FromStr<Err: Display>>(name: &str, value: Option<&str>) -> Result<Option<T>, Problem> {
    value.map(str::parse).transpose().map_err(|error: T::Err| invalid_parameter(name, &error.to_string()))
}

fn parse_text<T: FromStr<Err: Display>>(json: &str) -> Result<T, String> {
    let text: String = serde_json::from_str(json).map_err(|_| "must be a string".to_owned())?;
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn parse_time(json: &str) -> Result<OffsetDateTime, &'static str> {
    let text: String = serde_json::from_str(json).map_err(|_| "must be a string")?;
    OffsetDateTime::parse(&text, &Rfc3339).map_err(|_| "must be a time like 2026-11-21T10:00:00Z")
}
