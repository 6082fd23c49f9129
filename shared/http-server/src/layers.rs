//! Middleware around every request: trace context, span, log line, metrics, panics, and draining of the body.

use crate::drain_body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use http_api::problem::Problem;
use metrics::{Counter, Gauge, Histogram};
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use telemetry::counted::Counted;
use trace::{Kind, Span, TraceContext};
use tracing::{Instrument, debug, info_span};

/// Source: W3C Trace Context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The attribute with the trace that a client names.
const CLIENT_TRACE_ID: &str = "client.trace_id";

/// [`observe_with`] as a layer. Log lines written inside contain the method and the route.
pub fn observe(request: Request, next: Next) -> impl Future<Output = Response> {
    let route = Route::of(&request);
    let span = info_span!("request", method = request.method().as_str(), route = route.as_str());
    observe_with(route, TracedBy::Caller, request, |request| next.run(request)).instrument(span)
}

/// Who decides in which trace a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TracedBy {
    /// The caller, which is one of our programs: its trace is continued.
    Caller,
    /// This program, because the caller is an unknown client: the trace is new, and the one that the caller names is an attribute.
    Us,
}

/// The route of a request. It is a metric label, so it must not contain ids as paths do.
#[derive(Clone, Debug)]
pub enum Route {
    /// A route known to the program.
    Known(&'static str),
    /// A route matched by a router.
    Matched(MatchedPath),
    /// No route.
    Unmatched,
}

impl Route {
    /// The route that a router matched.
    pub fn of(request: &Request) -> Self {
        request.extensions().get::<MatchedPath>().cloned().map_or(Self::Unmatched, Self::Matched)
    }

    /// The route as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(route) => route,
            Self::Matched(route) => route.as_str(),
            Self::Unmatched => "unmatched",
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Continues the caller's trace or starts one, as `traced_by` says, counts and times the request, and drains the unread part of its body.
///
/// Log lines written inside contain the trace id.
pub fn observe_with<A: Future<Output = Response>>(
    route: Route,
    traced_by: TracedBy,
    request: Request,
    next: impl FnOnce(Request) -> A,
) -> impl Future<Output = Response> {
    let started = Instant::now();
    let named = named_trace_context(request.headers());
    let context = match traced_by {
        TracedBy::Caller => named.map_or_else(TraceContext::root, TraceContext::child),
        TracedBy::Us => TraceContext::root(),
    };
    let method = request.method().clone();
    let mut recorded = Span::start(context, Kind::Server, || format!("{} {route}", known(&method)));
    recorded.set("http.request.method", known(&method));
    recorded.set("http.route", &route);
    if let (TracedBy::Us, Some(named)) = (traced_by, named) {
        recorded.set(CLIENT_TRACE_ID, named.trace_id());
    }
    let in_flight = IN_FLIGHT.with(|gauge| Counted::new(gauge.clone()));
    // `next` is called inside the trace, because it may do work before its first await.
    let answered = async move { next(drain_body::drain_body(request)).await };
    let handled = or_internal_error(answered).map(move |answered| {
        let response = answered.unwrap_or_else(IntoResponse::into_response);
        drop(in_flight);
        let status = response.status().as_u16();
        recorded.set_number("http.response.status_code", status);
        if response.status().is_server_error() {
            recorded.fail(response.status());
        }
        drop(recorded);
        let elapsed = started.elapsed();
        debug!(status, elapsed_ms = elapsed.as_millis(), "{method} {route} responded with {status}");
        count(&method, route.as_str(), status, elapsed);
        response
    });
    trace::scope(context, handled)
}

/// What `answer` resolves to.
///
/// # Errors
/// 500 if it panics, which is logged. Without this the connection would be closed, with all of its requests.
// Unwind safety: a request owns its state, and what requests share is behind locks that handle poisoning, or atomic.
pub fn or_internal_error<T>(answer: impl Future<Output = T>) -> impl Future<Output = Result<T, Problem>> {
    AssertUnwindSafe(answer).catch_unwind().map(|outcome| outcome.map_err(|panic| Problem::panicked(message(&*panic))))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// The metrics of one route, method and status.
struct Metrics {
    requests: Counter,
    seconds: Histogram,
}

/// By method and status.
type OfRoute = HashMap<(&'static str, u16), Metrics>;

thread_local! {
    /// By route. The recorder looks metrics up by their labels, which it would copy each time.
    static METRICS: RefCell<HashMap<String, OfRoute>> = RefCell::default();
    static IN_FLIGHT: Gauge = metrics::gauge!("http_requests_in_flight");
}

fn count(method: &Method, route: &str, status: u16, elapsed: Duration) {
    METRICS.with_borrow_mut(|found| {
        let of_method = (known(method), status);
        let metrics = match found.get(route).and_then(|routes| routes.get(&of_method)) {
            Some(metrics) => metrics,
            None => found.entry(route.to_owned()).or_default().entry(of_method).or_insert_with(|| {
                let labels =
                    [("method", of_method.0.into()), ("route", route.to_owned()), ("status", status.to_string())];
                Metrics {
                    requests: metrics::counter!("http_requests_total", &labels),
                    seconds: metrics::histogram!("http_request_duration_seconds", &labels[..2]),
                }
            }),
        };
        metrics.requests.increment(1);
        metrics.seconds.record(elapsed.as_secs_f64());
    });
}

/// Counts a request whose head was rejected before it had a method and a route.
pub(crate) fn count_rejected(status: StatusCode) {
    let labels = [("method", "other".into()), ("route", "unmatched".into()), ("status", status.as_u16().to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
}

/// The method as a label. Clients can invent methods, and labels are never removed.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The trace context that a request names; `None` without one, or if it is malformed.
fn named_trace_context(headers: &HeaderMap) -> Option<TraceContext> {
    headers.get(TRACEPARENT)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::serve;
    use axum::Router;
    use axum::middleware;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    async fn bug() -> &'static str {
        panic!("a bug of this test");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_with_a_trace_id_and_the_connection_goes_on() {
        let router = Router::new()
            .route("/bug", get(bug))
            .fallback(|| async { http_api::problem::no_such_page() })
            .layer(middleware::from_fn(observe));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stopping = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, stopping.clone()));
        let requests = "GET /bug HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(requests.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 500 ") && answers.contains("HTTP/1.1 404 "), "{answers}");
        assert!(answers.contains("application/problem+json") && answers.contains("\"trace_id\""), "{answers}");
        assert!(!answers.contains("a bug of this test"), "{answers}");
        stopping.cancel();
        server.await.unwrap().unwrap();
    }
}
