//! One request's way to its service and back.
//!
//! What a failure looks like to the client, decided once:
//!
//! | what happened | answer | may the client repeat it? |
//! |---|---|---|
//! | no connection to the service within a second | 503 `unavailable`, `Retry-After` | yes: nothing was sent |
//! | the connection ended before an answer, or the answer is no HTTP | 502 `upstream_unreachable` | only what is idempotent |
//! | no answer 15 s after the request ended, 3 min after a photo | 504 `upstream_timeout` | only what is idempotent |
//! | the answer's body breaks off or pauses for 60 s | the client's connection is cut | only what is idempotent |
//! | the client's body is broken, endless, or too slow | 400, 413, 408, and the connection is closed | |

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

/// Forwards a request of the client at `peer` to the target's service and its answer back, both as streams.
pub(crate) async fn forward(gateway: Arc<Gateway>, target: Target, request: Request, peer: Arc<Peer>) -> Answered {
    let started = Instant::now();
    let upstream = target.upstream(&gateway);
    // What the service does is below this span, not beside it: `headers` names the running one.
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
    // What most requests don't need is put aside: a request's memory is as large as the largest of its steps.
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

/// What a request is counted for.
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
        // What is refused at the door tries nothing.
        signs_in: admission.is_some()
            && target.to == Service::Users
            && access::tries_a_password(target.strip(request.uri().path())),
    }
}

/// The ticket that a socket shows, good or not.
fn shown_ticket(request: &Request) -> Option<String> {
    let query = request.uri().query().filter(|_| tunnel::is_wanted(request))?;
    ticket_in(query).map(str::to_owned)
}

/// What was refused at the door leaves no span: nothing was forwarded.
fn end(mut span: Span, answer: &Result<Response, ForwardError>) {
    match answer {
        Ok(response) => span.set_number("http.response.status_code", response.status().as_u16()),
        Err(ForwardError::Refused(_)) => span.discard(),
        Err(failure) => span.fail(failure.name()),
    }
}

/// Counts and times what reached for the service; what was refused at the door did not.
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

/// The metrics of the requests of one route that ended in one way.
struct Metrics {
    requests: Counter,
    seconds: Histogram,
}

thread_local! {
    /// By route and outcome. The recorder finds a metric by its labels, each of which it wants copied.
    static METRICS: RefCell<HashMap<(&'static str, &'static str), Metrics>> = RefCell::default();
}
