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

pub(crate) mod admission;
pub(crate) mod authorization;
pub(crate) mod exchange;
pub(crate) mod failure;
pub(crate) mod headers;
pub(crate) mod target;

mod body_limit;
mod download;
mod outgoing;
mod recheck;
mod upload_places;
mod websocket;

use crate::auth::ticket_in;
use crate::edge::access_log::ServedResponse;
use crate::gateway::Gateway;
use crate::peer::Peer;
use crate::rate_limit;
use crate::tunnel::is_handshake;
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
pub(crate) async fn forward(
    gateway: Arc<Gateway>,
    target: Target,
    request: Request,
    peer: Arc<Peer>,
) -> ServedResponse {
    let started = Instant::now();
    let upstream = gateway.upstream(target.service);
    // The service's spans become children of this span: `headers` sends the current context.
    let context = trace::current().map_or_else(TraceContext::root, TraceContext::child);
    let span = Span::start(context, Kind::Client, || format!("forward to {}", upstream.name));
    let answer = trace::scope(context, attempt(&gateway, target, request, &peer)).await;
    finish_span(span, &answer);
    record_metrics(upstream.name, target, &answer, started);
    let was_forwarded = answer.as_ref().err().is_none_or(ForwardError::is_service_fault);
    let response = answer.unwrap_or_else(|failure| {
        failure.log(upstream.name);
        failure.into_response()
    });
    if was_forwarded {
        ServedResponse { response, served_by: upstream.name }
    } else {
        ServedResponse::by_gateway(response)
    }
}

async fn attempt(gateway: &Gateway, target: Target, request: Request, peer: &Peer) -> Result<Response, ForwardError> {
    // Rare steps are boxed: the future of a request is as large as its largest step.
    let ticket_principal = match ticket_of_request(&request) {
        Some(ticket) => Box::pin(gateway.authenticator.redeem(&ticket)).await,
        None => None,
    };
    let admission = admit(gateway, target, &request, peer, ticket_principal);
    let admission = match &gateway.rate_limits {
        Some(rate_limits) => {
            let keys = limit_keys(gateway, target, &request, peer, admission.as_ref().ok());
            match Box::pin(rate_limits.count(&keys)).await {
                Ok(()) => admission,
                Err(too_many) => Err(too_many.into()),
            }
        }
        None => admission,
    };
    match admission {
        Ok(Admission::Exchange(outgoing)) => {
            if recheck::is_needed(target, &request) {
                Box::pin(recheck::recheck(gateway, &outgoing, request.headers(), peer)).await?;
            }
            let places = upload_places::take(gateway, target, &outgoing, &request, peer)?;
            exchange::exchange(gateway, target, outgoing, request, places, peer).await
        }
        Ok(Admission::Tunnel(outgoing)) => Box::pin(websocket::open(gateway, target, outgoing, request, peer)).await,
        Err(refusal) => Err(refusal),
    }
}

/// The rate limit keys of a request.
fn limit_keys(
    gateway: &Gateway,
    target: Target,
    request: &Request,
    peer: &Peer,
    admission: Option<&Admission>,
) -> rate_limit::LimitKeys {
    let known = admission.and_then(|admission| match admission {
        Admission::Exchange(outgoing) | Admission::Tunnel(outgoing) => outgoing.principal,
    });
    rate_limit::LimitKeys {
        address: rate_limit::client_address(peer.ip(), request.headers(), gateway.config.trust_forwarded),
        user: known.map(|principal| principal.user),
        // A rejected request does not try a password.
        has_password: admission.is_some()
            && target.service == Service::Users
            && authorization::accepts_password(target.strip(request.uri().path())),
        joins: known.is_none().then(|| authorization::joined_cheque(target, request)).flatten(),
    }
}

/// The ticket of a WebSocket request, valid or not.
fn ticket_of_request(request: &Request) -> Option<String> {
    let query = request.uri().query().filter(|_| is_handshake(request))?;
    ticket_in(query).map(str::to_owned)
}

/// A rejected request leaves no span: nothing was forwarded.
fn finish_span(mut span: Span, answer: &Result<Response, ForwardError>) {
    match answer {
        Ok(response) => span.set_number("http.response.status_code", response.status().as_u16()),
        Err(ForwardError::Rejected(_)) => span.discard(),
        Err(failure) => span.fail(failure.outcome()),
    }
}

/// Counts and times forwarded requests; rejected ones are not included.
fn record_metrics(upstream: &'static str, target: Target, answer: &Result<Response, ForwardError>, started: Instant) {
    let outcome = match answer {
        Ok(response) => match response.status().as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        },
        Err(ForwardError::Rejected(_)) => return,
        Err(failure) => failure.outcome(),
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
