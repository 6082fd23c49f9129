//! `POST /tickets`: issues a ticket with which the page of a signed-in user opens one WebSocket.

use crate::auth::{Credentials, TICKET_LIFETIME};
use crate::gateway::Gateway;
use axum::extract::ConnectInfo;
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use http_api::problem::no_such_page;
use std::net::SocketAddr;
use std::sync::Arc;

/// The response.
#[derive(serde::Serialize)]
struct Ticket {
    /// Passed once, as the query parameter `ticket` of a WebSocket's URL.
    ticket: String,
    /// Lifetime in seconds.
    expires_in: u64,
}

type TicketResponse = (StatusCode, [(HeaderName, HeaderValue); 1], Json<Ticket>);

/// The route.
pub(crate) fn routes(gateway: &Arc<Gateway>) -> Router {
    let gateway = Arc::clone(gateway);
    Router::new().route(
        "/tickets",
        post(move |ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap| async move {
            issue(&gateway, peer, &headers).await
        }),
    )
}

async fn issue(gateway: &Gateway, peer: SocketAddr, headers: &HeaderMap) -> Result<TicketResponse, Problem> {
    let credentials = Credentials { headers, socket_query: None, ticket_principal: None };
    let identified = gateway.authenticator.identify(&credentials);
    let user = identified.as_ref().ok().map(|identified| identified.principal.user);
    gateway.count_call(peer.ip(), headers, user).await?;
    let identified = identified.map_err(|unidentified| {
        if let Some((reason, user)) = unidentified.refusal {
            gateway.count_refusal(reason, user, headers, peer.ip());
        }
        *unidentified.problem
    })?;
    // In development mode a WebSocket names its user itself.
    let ticket = gateway.authenticator.ticket(identified).ok_or_else(no_such_page)?;
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, no_store, Json(Ticket { ticket, expires_in: TICKET_LIFETIME.as_secs() })))
}
