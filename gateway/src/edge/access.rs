//! The request id, and one line in the log per request.

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method};
use std::time::Instant;
use tracing::info;
use uuid::Uuid;

/// Names one request in logs and in what its sender is told.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Marks an answer with the service that gave it, or should have.
#[derive(Clone, Copy)]
pub(crate) struct AnsweredBy(pub(crate) &'static str);

/// Issues a new request id, whatever the client sent; puts it on the answer; logs the request once.
pub(super) async fn identify_and_log(mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let id = Uuid::now_v7().to_string();
    // Hyphens and hexadecimal digits are always a header value.
    let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"));
    request.headers_mut().insert(REQUEST_ID, value.clone());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let line = Line { started: Instant::now(), method: request.method().clone(), route, id, answer: None };
    let mut response = next(request).await;
    response.headers_mut().insert(REQUEST_ID, value);
    line.answered(&response);
    response
}

/// One line of the log, written when it is dropped: a client that goes away drops its request anywhere.
struct Line {
    started: Instant,
    method: Method,
    route: String,
    id: String,
    answer: Option<(u16, &'static str)>,
}

impl Line {
    fn answered(mut self, response: &Response) {
        let by = response.extensions().get::<AnsweredBy>();
        let upstream = by.map_or("gateway", |by| by.0);
        self.answer = Some((response.status().as_u16(), upstream));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { method, route, .. } = self;
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request_id = self.id.as_str();
        // The trace id is a field of the span around this.
        let Some((status, upstream)) = self.answer else {
            info!(
                %method, route, elapsed_ms, request_id,
                "{method} {route} was given up by the client after {elapsed_ms} ms"
            );
            return;
        };
        info!(
            %method, route, status, elapsed_ms, request_id, upstream,
            "{method} {route} answered {status} in {elapsed_ms} ms"
        );
    }
}
