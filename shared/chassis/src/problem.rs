//! The one shape of errors: problem documents of RFC 9457.

use crate::process::chain;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use std::borrow::Cow;
use tracing::error;

/// Media type of problem documents. Source: RFC 9457, section 6.1.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What the types of problems begin with; the code follows.
pub const TYPES: &str = "urn:chipin:problem:";

/// An error as the client sees it: a stable code, words for a person, and no internals.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    members: Vec<(&'static str, serde_json::Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with one field of the request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer to the field: `/amount`. Source: RFC 6901.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// The JSON of a problem document.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// `urn:chipin:problem:<code>`, listed in `docs/problems.md`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    type_uri: String,
    /// The kind of problem, the same for every occurrence.
    title: &'static str,
    /// The HTTP status again.
    status: u16,
    /// What happened this time.
    detail: String,
    /// Stable word for programs.
    code: &'static str,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Give this to support: it finds the request in all logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// What else a program may want to know. Source: RFC 9457, section 3.2.
    #[serde(flatten)]
    #[schema(ignore)]
    members: serde_json::Map<String, serde_json::Value>,
}

impl Problem {
    /// A problem with a stable code and words for a person.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: vec![], members: vec![], headers: vec![] }
    }

    /// 400: the body is not JSON.
    pub fn invalid_json(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    }

    /// 422: well-formed, but these fields are wrong.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => Cow::from(format!("{} {}", one.pointer, one.detail)),
            many => Cow::from(format!("{} fields of the request are wrong", many.len())),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail) }
    }

    /// 422: one query parameter or header is wrong.
    pub fn invalid_parameter(name: &str, detail: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", format!("{name} {detail}"))
    }

    /// 404, for a thing that is not there or not yours.
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 503 with `Retry-After`, for a dependency that is away. The cause is logged and not shown.
    pub fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Self {
        error!(error = %chain(cause), "a dependency is unavailable");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the service can't answer right now; try again soon")
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 500. The cause is logged and not shown.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        error!(error = %chain(cause), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something went wrong on our side")
    }

    /// The same problem with one more response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same problem with one more member in its document, for programs.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with which field.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<sqlx::Error> for Problem {
    /// A database that is away is 503, anything else 500.
    fn from(failure: sqlx::Error) -> Self {
        if crate::postgres::is_outage(&failure) { Self::unavailable(&failure) } else { Self::internal(&failure) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            type_uri: format!("{TYPES}{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail.into_owned(),
            code: self.code,
            errors: self.errors,
            trace_id: trace::current().map(|context| context.trace_id()),
            members: self.members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        // Serialising plain strings and numbers can't fail; an empty body is still the right status if it did.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}
