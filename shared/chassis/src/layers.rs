//! What happens around every request: trace context, span, log line, metrics, and its body to the end.

use crate::linger;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, Method};
use metrics::{Counter, Histogram};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};
use trace::{Kind, Span, TraceContext};
use tracing::{Instrument, debug, info_span};

/// Source: W3C Trace Context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// [`observed`] as a layer. What is logged in it names method and route.
pub fn observe(request: Request, next: Next) -> impl Future<Output = Response> {
    let route = Route::of(&request);
    let span = info_span!("request", method = request.method().as_str(), route = route.as_str());
    observed(route, request, |request| next.run(request)).instrument(span)
}

/// The route that a request took. It stands in labels, which must not grow with ids as paths do.
#[derive(Clone, Debug)]
pub enum Route {
    /// One that the program knows itself.
    Known(&'static str),
    /// A router's.
    Matched(MatchedPath),
    /// None.
    Unmatched,
}

impl Route {
    /// The one that a router found.
    pub fn of(request: &Request) -> Self {
        request.extensions().get::<MatchedPath>().cloned().map_or(Self::Unmatched, Self::Matched)
    }

    /// As it is written.
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

/// Continues the caller's trace or starts one, counts and times the request, and reads on what nobody reads of its body.
///
/// What is logged in it bears the trace's id.
pub fn observed<A: Future<Output = Response>>(
    route: Route,
    request: Request,
    next: impl FnOnce(Request) -> A,
) -> impl Future<Output = Response> {
    let started = Instant::now();
    let context = continued(request.headers());
    let method = request.method().clone();
    let mut recorded = Span::start(context, Kind::Server, || format!("{} {route}", known(&method)));
    recorded.set("http.request.method", known(&method));
    recorded.set("http.route", &route);
    // `next` is called in the trace: it may do a lot before it waits for the first time.
    let answered = async move { next(linger::reads_on(request)).await };
    let handled = answered.map(move |response| {
        let status = response.status().as_u16();
        recorded.set_number("http.response.status_code", status);
        if response.status().is_server_error() {
            recorded.fail(response.status());
        }
        drop(recorded);
        let elapsed = started.elapsed();
        debug!(status, elapsed_ms = elapsed.as_millis(), "{method} {route} answered {status}");
        count(&method, route.as_str(), status, elapsed);
        response
    });
    trace::scope(context, handled)
}

/// The metrics of the requests of one route that were answered with one status.
struct Metrics {
    requests: Counter,
    seconds: Histogram,
}

/// By method and status.
type OfRoute = HashMap<(&'static str, u16), Metrics>;

thread_local! {
    /// By route. The recorder finds a metric by its labels, each of which it wants copied.
    static METRICS: RefCell<HashMap<String, OfRoute>> = RefCell::default();
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

/// The method as a label: anybody can invent methods, and every new label is kept for ever.
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

/// The trace context of a request.
pub fn continued(headers: &HeaderMap) -> TraceContext {
    TraceContext::continued(headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()))
}
