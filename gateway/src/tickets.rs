//! `POST /tickets`: with which the page of a signed-in user opens one socket.

use crate::auth::{Credentials, TICKET_LIFE};
use crate::gateway::Gateway;
use axum::routing::post;
use axum::{Json, Router};
use chassis::face::no_such_page;
use chassis::problem::Problem;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// The answer.
#[derive(serde::Serialize)]
struct Ticket {
    /// To be given once, as `?ticket=` of a socket's address.
    ticket: String,
    /// Seconds that it is good.
    expires_in: u64,
}

type Answer = (StatusCode, [(HeaderName, HeaderValue); 1], Json<Ticket>);

/// The page itself.
pub(crate) fn routes(gateway: &Arc<Gateway>) -> Router {
    let gateway = Arc::clone(gateway);
    Router::new().route("/tickets", post(move |headers: HeaderMap| async move { issue(&gateway, &headers) }))
}

fn issue(gateway: &Gateway, headers: &HeaderMap) -> Result<Answer, Problem> {
    let credentials = Credentials { headers, socket_query: None, ticket_of: None };
    let passenger = gateway.authenticator.identify(&credentials)?;
    // In development sockets name their user themselves.
    let ticket = gateway.authenticator.ticket(passenger).ok_or_else(no_such_page)?;
    let not_kept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, not_kept, Json(Ticket { ticket, expires_in: TICKET_LIFE.as_secs() })))
}
