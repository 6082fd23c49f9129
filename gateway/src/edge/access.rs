//! The request id, and one access log line per request.

use axum::extract::Request;
use axum::response::Response;
use chassis::layers::Route;
use http::{HeaderName, HeaderValue, Method};
use std::time::Instant;
use tracing::info;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Identifies a request in logs and in the response.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A response and its origin.
pub(crate) struct Answered {
    pub(crate) response: Response,
    /// The service that sent it or should have sent it; `gateway` otherwise.
    pub(crate) by: &'static str,
}

impl Answered {
    /// A response of the gateway itself.
    pub(crate) fn here(response: Response) -> Self {
        Self { response, by: "gateway" }
    }
}

/// The access log line of a request. It is written on drop, because a client that disconnects drops its request at any
/// point.
pub(super) struct Line {
    started: Instant,
    method: Method,
    route: Route,
    id: HeaderValue,
    answer: Option<(u16, &'static str)>,
}

impl Line {
    /// Starts the line and assigns a new request id, which replaces the client's.
    pub(super) fn begin(request: &mut Request, route: Route) -> Self {
        let mut id = [0; Hyphenated::LENGTH];
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
        // Hyphens and hexadecimal digits are always a valid header value.
        let id = HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("none"));
        request.headers_mut().insert(REQUEST_ID, id.clone());
        Self { started: Instant::now(), method: request.method().clone(), route, id, answer: None }
    }

    /// Completes the line and adds the request id to the response.
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
                route, elapsed_ms, request_id, "{method} {route} was cancelled by the client after {elapsed_ms} ms"
            );
            return;
        };
        info!(
            method,
            route,
            status,
            elapsed_ms,
            request_id,
            upstream,
            "{method} {route} responded with {status} in {elapsed_ms} ms"
        );
    }
}
