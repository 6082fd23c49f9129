//! Middleware around every request: CORS, checks, security headers, access log.

pub(crate) mod access_log;
mod ambiguity;
mod cors;
pub(crate) mod operations;
pub(crate) mod path;
pub(crate) mod security_headers;

use crate::gateway::Gateway;
use access_log::{LogEntry, ServedResponse};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use cors::Cors;
use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use http_server::layers::{Route, TracedBy, observe_with, or_internal_error};

/// Runs the middleware around `next`, which answers the request.
pub(crate) fn with_middleware<A: Future<Output = ServedResponse>, N: FnOnce(Request) -> A>(
    gateway: &Gateway,
    route: Route,
    request: Request,
    next: N,
) -> impl Future<Output = Response> + use<A, N> {
    let cors = Cors::check(gateway, &request);
    let https_only = gateway.config.allowed_origins.has_https();
    observe_with(route.clone(), TracedBy::Us, request, move |mut request| {
        let entry = LogEntry::start(&mut request, route);
        let served = match early_response(&request, &cors) {
            Some(response) => Either::Left(ready(response)),
            None => Either::Right(or_internal_error(next(request)).map(move |served| {
                let mut served = served.unwrap_or_else(|problem| ServedResponse::by_gateway(problem.into_response()));
                cors.set_headers(&mut served.response);
                served
            })),
        };
        served.map(move |mut served| {
            security_headers::add(&mut served.response, https_only);
            entry.finish(served)
        })
    })
}

/// The response to a rejected request or a preflight.
fn early_response(request: &Request, cors: &Cors) -> Option<ServedResponse> {
    let response = match ambiguity::reject_ambiguous(request) {
        Ok(()) => cors.preflight(),
        Err(rejection) => Some(rejection.into_response()),
    };
    response.map(ServedResponse::by_gateway)
}
