//! Errors: problem documents of RFC 9457.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use rabbit_outbox::Messaging;
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;
use tracing::error;

/// Media type of problem documents. Source: RFC 9457, section 6.1.
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error for the client: a stable code, a detail text, and no internals.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
}

/// An error in one field of the request body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct FieldError {
    /// JSON pointer to the field: `/amount`. Source: RFC 6901.
    pub(crate) pointer: String,
    /// A description of the error.
    pub(crate) detail: String,
}

/// The JSON of a problem document.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ProblemDocument {
    /// A URI that ends with the code.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(rename = "type"))]
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
}

/// Most errors of fields that an answer lists.
const FIELD_ERRORS_MAX: usize = 50;

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: vec![] }
    }

    /// 400: the body is not JSON.
    pub(crate) fn invalid_json(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_json", detail)
    }

    /// 422: a well-formed but invalid request.
    pub(crate) fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail)
    }

    /// 422: well-formed JSON with invalid fields, of which the first ones are listed.
    pub(crate) fn invalid_fields(mut errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{} {}", one.pointer, one.detail),
            many if many.len() > FIELD_ERRORS_MAX => {
                format!("{} fields of the request are invalid; the first {FIELD_ERRORS_MAX} are listed", many.len())
            }
            many => format!("{} fields of the request are invalid", many.len()),
        };
        errors.truncate(FIELD_ERRORS_MAX);
        Self { errors, ..Self::invalid(detail) }
    }
}

impl Problem {
    /// 503 if the database is unavailable, otherwise 500. What was being done and the cause are logged and not shown to
    /// the client.
    pub(crate) fn of_database(operation: impl Display, failure: &sqlx::Error) -> Self {
        let error = format!("{operation}: {}", chain(failure));
        if is_unstorable_text(failure) {
            return Self::invalid("a text contains a character that can't be stored, such as U+0000");
        }
        if is_outage(failure) {
            error!(error, "a dependency is unavailable");
            let detail = "the service is unavailable right now; try again soon";
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        } else {
            error!(error, "a request failed");
            Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something went wrong on our side")
        }
    }
}

/// Whether a text can't be stored: of the request, or of the message of a peer that an operator settles.
///
/// Source: PostgreSQL, appendix A: `character_not_in_repertoire`, `untranslatable_character`.
fn is_unstorable_text(failure: &sqlx::Error) -> bool {
    let code = failure.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| ["22021", "22P05"].contains(&&*code))
}

/// Makes a problem of a database error, and says what was being done.
pub(crate) trait During<T> {
    fn during(self, operation: impl Display) -> Result<T, Problem>;
}

impl<T> During<T> for Result<T, sqlx::Error> {
    fn during(self, operation: impl Display) -> Result<T, Problem> {
        self.map_err(|failure| Problem::of_database(operation, &failure))
    }
}

impl IntoResponse for Problem {
    /// Without a body: [`write()`] adds the document, which needs the router's settings.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The settings that are part of every document.
#[derive(Clone)]
pub(crate) struct ProblemSettings {
    pub(crate) messaging: Messaging,
    pub(crate) types: Arc<str>,
}

/// Writes the document of a response that contains a problem.
pub(crate) async fn write(State(settings): State<ProblemSettings>, mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let document = ProblemDocument {
        type_uri: format!("{}{}", settings.types, problem.code),
        title: problem.status.canonical_reason().unwrap_or("Error"),
        status: problem.status.as_u16(),
        detail: problem.detail.into_owned(),
        code: problem.code,
        errors: problem.errors,
        trace_id: settings.messaging.trace_id(),
    };
    // Serialising plain strings and numbers can't fail; if it did, the status would still be right.
    let mut response = Response::new(Body::from(serde_json::to_vec(&document).unwrap_or_default()));
    *response.status_mut() = problem.status;
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Whether the database is unavailable, rather than rejecting the statement: the same statement may succeed later.
fn is_outage(failure: &sqlx::Error) -> bool {
    match failure {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // 08 connection, 53 resources, 57P shutdown, 57014 timeout, 40 serialization and deadlock.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "53", "57P", "57014", "40"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// An error with its causes, on one line. A cause whose text the error repeats is left out.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = error.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        cause = error.source();
    }
    text
}
