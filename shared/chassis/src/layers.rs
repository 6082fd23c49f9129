//! What happens around every request: trace context, span, log line, metrics, and its body to the end.

use crate::linger;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method};
use std::time::Instant;
use trace::{Kind, Span, TraceContext};
use tracing::{Instrument, debug, info_span};

/// Continues the caller's trace or starts one, counts and times the request, and reads on what nobody reads of its body.
pub async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = continued(request.headers());
    let method = request.method().clone();
    // The matched route, not the path: labels must not grow with ids.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let span = info_span!("request", trace_id = %context.trace_id(), %method, route);
    let mut recorded = Span::start(context, Kind::Server, || format!("{} {route}", known(&method)));
    recorded.set("http.request.method", known(&method));
    recorded.set("http.route", &route);
    let handled = async move {
        let response = next.run(linger::reads_on(request)).await;
        let status = response.status().as_u16();
        recorded.set_number("http.response.status_code", status);
        if response.status().is_server_error() {
            recorded.fail(response.status());
        }
        drop(recorded);
        let elapsed = started.elapsed();
        debug!(status, elapsed_ms = elapsed.as_millis(), "{method} {route} answered {status}");
        let labels = [("method", known(&method).to_owned()), ("route", route), ("status", status.to_string())];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_duration_seconds", &labels[..2]).record(elapsed.as_secs_f64());
        response
    };
    trace::scope(context, handled.instrument(span)).await
}

/// The method as a label: anybody can invent methods, and every new label is kept for ever.
fn known(method: &Method) -> &str {
    const KNOWN: [Method; 7] =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if KNOWN.contains(method) { method.as_str() } else { "other" }
}

/// The trace context of a request.
pub fn continued(headers: &HeaderMap) -> TraceContext {
    TraceContext::continued(headers.get("traceparent").and_then(|value| value.to_str().ok()))
}
