//! Forwards one request to its service and the response back.
//!
//! How each failure appears to the client:
//!
//! | failure | response | may the client retry? |
//! |---|---|---|
//! | no connection to the service within a second | 503 `unavailable`, `Retry-After` | yes: nothing was sent |
//! | the connection closed before a response, or it is not HTTP | 502 `upstream_unreachable` | only if idempotent |
//! | no response 15 s after the request ended, 3 min for a photo | 504 `upstream_timeout` | only if idempotent |
//! | the response body breaks off or stalls for 60 s | the client's connection is closed | only if idempotent |
//! | the client's body is malformed, too large, or too slow | 400, 413, 408, and the connection is closed | |

pub(crate) mod access;
pub(crate) mod admission;
pub(crate) mod exchange;
pub(crate) mod failure;
pub(crate) mod headers;
pub(crate) mod target;
pub(crate) mod upload;

mod download;

use crate::auth::ticket_in;
use crate::edge::access::Answered;
use crate::gateway::Gateway;
use crate::peer::Peer;
use crate::quota;
use crate::tunnel;
use admission::{Admission, admit};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use failure::ForwardError;
use metrics::{Counter, Histogram};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use target::{Service, Target};
use trace::{Kind, Span, TraceContext};

/// Forwards a request of the client at `peer` to the target's service, and the response back; both bodies are streamed.
pub(crate) async fn forward(gateway: Arc<Gateway>, target: Target, request: Request, peer: Arc<Peer>) -> Answered {
    let started = Instant::now();
    let upstream = target.upstream(&gateway);
    // The service's spans become children of this span: `headers` sends the current context.
    let context = trace::current().map_or_else(TraceContext::root, TraceContext::child);
    let span = Span::start(context, Kind::Client, || format!("forward to {}", upstream.name));
    let answer = trace::scope(context, attempt(&gateway, target, request, &peer)).await;
    end(span, &answer);
    measure(upstream.name, target, &answer, started);
    let reached_for_it = answer.as_ref().err().is_none_or(ForwardError::is_the_services);
    let response = answer.unwrap_or_else(|failure| {
        failure.log(upstream.name);
        failure.into_response()
    });
    if reached_for_it { Answered { response, by: upstream.name } } else { Answered::here(response) }
}

async fn attempt(gateway: &Gateway, target: Target, request: Request, peer: &Peer) -> Result<Response, ForwardError> {
    // Rare steps are boxed: the future of a request is as large as its largest step.
    let ticket_of = match shown_ticket(&request) {
        Some(ticket) => Box::pin(gateway.authenticator.redeem(&ticket)).await,
        None => None,
    };
    let admission = admit(gateway, target, &request, peer, ticket_of);
    let admission = match &gateway.quotas {
        Some(quotas) => {
            let caller = caller(gateway, target, &request, peer, admission.as_ref().ok());
            match Box::pin(quotas.count(&caller)).await {
                Ok(()) => admission,
                Err(too_many) => Err(too_many.into()),
            }
        }
        None => admission,
    };
    match admission {
        Ok(Admission::Exchange(outgoing)) => exchange::exchange(gateway, target, outgoing, request, peer).await,
        Ok(Admission::Tunnel(outgoing)) => {
            Box::pin(tunnel::open(gateway, target.upstream(gateway), outgoing, request)).await
        }
        Err(refusal) => Err(refusal),
    }
}

/// The rate limit keys of a request.
fn caller(
    gateway: &Gateway,
    target: Target,
    request: &Request,
    peer: &Peer,
    admission: Option<&Admission>,
) -> quota::Caller {
    let known = admission.and_then(|admission| match admission {
        Admission::Exchange(outgoing) | Admission::Tunnel(outgoing) => outgoing.caller,
    });
    quota::Caller {
        address: quota::address_of(peer.ip(), request.headers(), gateway.config.trust_forwarded),
        user: known.map(|passenger| passenger.user),
        // A rejected request does not try a password.
        signs_in: admission.is_some()
            && target.to == Service::Users
            && access::tries_a_password(target.strip(request.uri().path())),
    }
}

/// The ticket of a WebSocket request, valid or not.
fn shown_ticket(request: &Request) -> Option<String> {
    let query = request.uri().query().filter(|_| tunnel::is_wanted(request))?;
    ticket_in(query).map(str::to_owned)
}

/// A rejected request leaves no span: nothing was forwarded.
fn end(mut span: Span, answer: &Result<Response, ForwardError>) {
    match answer {
        Ok(response) => span.set_number("http.response.status_code", response.status().as_u16()),
        Err(ForwardError::Refused(_)) => span.discard(),
        Err(failure) => span.fail(failure.name()),
    }
}

/// Counts and times forwarded requests; rejected ones are not included.
fn measure(upstream: &'static str, target: Target, answer: &Result<Response, ForwardError>, started: Instant) {
    let outcome = match answer {
        Ok(response) => match response.status().as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        },
        Err(ForwardError::Refused(_)) => return,
        Err(failure) => failure.name(),
    };
    METRICS.with_borrow_mut(|found| {
        let metrics = found.entry((target.name, outcome)).or_insert_with(|| {
            let labels = [("upstream", upstream), ("route", target.name), ("outcome", outcome)];
            Metrics {
                requests: metrics::counter!("gateway_upstream_requests_total", &labels),
                seconds: metrics::histogram!("gateway_upstream_duration_seconds", &labels[..2]),
            }
        });
        metrics.requests.increment(1);
        metrics.seconds.record(started.elapsed().as_secs_f64());
    });
}

/// The metrics of one route and outcome.
struct Metrics {
    requests: Counter,
    seconds: Histogram,
}

thread_local! {
    /// By route and outcome. The recorder looks metrics up by their labels, which it would copy each time.
    static METRICS: RefCell<HashMap<(&'static str, &'static str), Metrics>> = RefCell::default();
}
