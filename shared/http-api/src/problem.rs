//! The common format of errors: problem documents of RFC 9457.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use std::borrow::Cow;
use telemetry::chain;
use tracing::error;

/// Media type of problem documents. Source: RFC 9457, section 6.1.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// Prefix of problem types; the code follows.
pub const TYPES: &str = "urn:chipin:problem:";

/// Most errors of fields that an answer lists. A request of 1 MB can have a hundred thousand.
const FIELD_ERRORS_MAX: usize = 50;

/// An error for the client: a stable code, a detail text, and no internals.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    members: Vec<(&'static str, serde_json::Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// An error in one field of the request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer to the field: `/amount`. Source: RFC 6901.
    pub pointer: String,
    /// A description of the error.
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
    /// The HTTP status.
    status: u16,
    /// A description of this occurrence.
    detail: String,
    /// Stable code for programs.
    code: &'static str,
    /// The errors in fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Include it in support requests: it identifies the request in all logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// Additional members for programs. Source: RFC 9457, section 3.2.
    #[serde(flatten)]
    #[schema(ignore)]
    members: serde_json::Map<String, serde_json::Value>,
}

impl Problem {
    /// A problem with a stable code and a detail text.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: vec![], members: vec![], headers: vec![] }
    }

    /// 400: the body is not JSON.
    pub fn invalid_json(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    }

    /// 422: well-formed JSON with invalid fields, of which the first ones are listed.
    pub fn invalid_fields(mut errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => Cow::from(format!("{} {}", one.pointer, one.detail)),
            many if many.len() > FIELD_ERRORS_MAX => {
                let count = many.len();
                Cow::from(format!("{count} fields of the request are invalid; the first {FIELD_ERRORS_MAX} are listed"))
            }
            many => Cow::from(format!("{} fields of the request are invalid", many.len())),
        };
        errors.truncate(FIELD_ERRORS_MAX);
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail) }
    }

    /// 422: an invalid query parameter or header.
    pub fn invalid_parameter(name: &str, detail: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", format!("{name} {detail}"))
    }

    /// 404: the resource does not exist or belongs to another user.
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 503 with `Retry-After`: a dependency is unavailable. The cause is logged and not shown to the client.
    pub fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Self {
        error!(error = %chain(cause), "a dependency is unavailable");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the service is unavailable right now; try again soon",
        )
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }

    /// 500. The cause is logged and not shown to the client.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        error!(error = %chain(cause), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something went wrong on our side")
    }

    /// 500: the handler panicked. The message is logged and not shown to the client.
    pub fn panicked(message: &str) -> Self {
        error!(error = message, "a handler panicked: {message}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something went wrong on our side")
    }

    /// The same problem with an additional response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same problem with an additional member in its document, for programs.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The document.
    pub fn into_json(self) -> Vec<u8> {
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
        // Serialising plain strings and numbers can't fail; if it did, the status would still be right.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The errors in fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let (status, more) = (self.status, std::mem::take(&mut self.headers));
        let mut response = Response::new(Body::from(self.into_json()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        for (name, value) in more {
            headers.append(name, value);
        }
        response
    }
}

/// 404 for an unknown path.
pub fn no_such_page() -> Problem {
    Problem::not_found("not_found", "there is no such page")
}

/// 405; axum adds the `Allow` header.
pub fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this page does not support this method")
}
