//! The request id, and one line in the log per request.

use axum::extract::Request;
use axum::response::Response;
use chassis::layers::Route;
use http::{HeaderName, HeaderValue, Method};
use std::time::Instant;
use tracing::info;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Names one request in logs and in what its sender is told.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An answer, and who gave it.
pub(crate) struct Answered {
    pub(crate) response: Response,
    /// A service that gave it, or should have; else the gateway.
    pub(crate) by: &'static str,
}

impl Answered {
    /// By the gateway itself.
    pub(crate) fn here(response: Response) -> Self {
        Self { response, by: "gateway" }
    }
}

/// One line of the log, written when it is dropped: a client that goes away drops its request anywhere.
pub(super) struct Line {
    started: Instant,
    method: Method,
    route: Route,
    id: HeaderValue,
    answer: Option<(u16, &'static str)>,
}

impl Line {
    /// Begins one, and issues a new request id, whatever the client sent.
    pub(super) fn begin(request: &mut Request, route: Route) -> Self {
        let mut id = [0; Hyphenated::LENGTH];
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
        // Hyphens and hexadecimal digits are always a header value.
        let id = HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("none"));
        request.headers_mut().insert(REQUEST_ID, id.clone());
        Self { started: Instant::now(), method: request.method().clone(), route, id, answer: None }
    }

    /// Ends it, and puts the request id on the answer.
    pub(super) fn end(mut self, Answered { mut response, by }: Answered) -> Response {
        response.headers_mut().insert(REQUEST_ID, self.id.clone());
        self.answer = Some((response.status().as_u16(), by));
        response
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let method = self.method.as_str();
        let route = self.route.as_str();
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request_id = self.id.to_str().unwrap_or_default();
        let Some((status, upstream)) = self.answer else {
            info!(
                method,
                route, elapsed_ms, request_id, "{method} {route} was given up by the client after {elapsed_ms} ms"
            );
            return;
        };
        info!(
            method,
            route, status, elapsed_ms, request_id, upstream, "{method} {route} answered {status} in {elapsed_ms} ms"
        );
    }
}
