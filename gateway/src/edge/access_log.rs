//! The request id, and one access log line per request.

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderValue, Method};
use http_server::layers::Route;
use http_server::request_id::{REQUEST_ID, new_request_id};
use std::time::Instant;
use tracing::info;

/// A response and its origin.
pub(crate) struct ServedResponse {
    pub(crate) response: Response,
    /// The service that sent it or should have sent it; `gateway` otherwise.
    pub(crate) served_by: &'static str,
}

impl ServedResponse {
    /// A response of the gateway itself.
    pub(crate) fn by_gateway(response: Response) -> Self {
        Self { response, served_by: "gateway" }
    }
}

/// The access log line of a request. It is written on drop, because a client that disconnects drops its request at any
/// point.
pub(super) struct LogEntry {
    started: Instant,
    method: Method,
    route: Route,
    id: HeaderValue,
    outcome: Option<(u16, &'static str)>,
}

impl LogEntry {
    /// Starts the line and assigns a new request id, which replaces the client's.
    pub(super) fn start(request: &mut Request, route: Route) -> Self {
        let id = new_request_id();
        request.headers_mut().insert(REQUEST_ID, id.clone());
        Self { started: Instant::now(), method: request.method().clone(), route, id, outcome: None }
    }

    /// Completes the line and adds the request id to the response.
    pub(super) fn finish(mut self, ServedResponse { mut response, served_by }: ServedResponse) -> Response {
        response.headers_mut().insert(REQUEST_ID, self.id.clone());
        self.outcome = Some((response.status().as_u16(), served_by));
        response
    }
}

impl Drop for LogEntry {
    fn drop(&mut self) {
        let method = self.method.as_str();
        let route = self.route.as_str();
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let request_id = self.id.to_str().unwrap_or_default();
        let Some((status, upstream)) = self.outcome else {
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
