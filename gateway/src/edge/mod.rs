//! Middleware around every request: CORS, checks, access log.

pub(crate) mod access;
mod cors;
mod harden;
pub(crate) mod operations;
pub(crate) mod path;

use crate::gateway::Gateway;
use access::{Answered, Line};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chassis::layers::{Route, observed};
use cors::Origins;
use futures_util::FutureExt;
use futures_util::future::{Either, ready};

/// Runs the middleware around `next`, which answers the request.
pub(crate) fn around<A: Future<Output = Answered>, N: FnOnce(Request) -> A>(
    gateway: &Gateway,
    route: Route,
    request: Request,
    next: N,
) -> impl Future<Output = Response> + use<A, N> {
    let origins = Origins::of(gateway, &request);
    observed(route.clone(), request, move |mut request| {
        let line = Line::begin(&mut request, route);
        let answered = match refused(&request, &origins) {
            Some(refusal) => Either::Left(ready(refusal)),
            None => Either::Right(next(request).map(move |mut answered| {
                origins.mark(&mut answered.response);
                answered
            })),
        };
        answered.map(move |answered| line.end(answered))
    })
}

/// The response to a rejected request or a preflight.
fn refused(request: &Request, origins: &Origins) -> Option<Answered> {
    let answer = match harden::refuse_ambiguity(request) {
        Ok(()) => origins.preflight(),
        Err(refusal) => Some(refusal.into_response()),
    };
    answer.map(Answered::here)
}
