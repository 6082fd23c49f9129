//! A WebSocket handshake, and the tunnel that it opens.

use crate::forward::exchange::{client_response, send, without_body};
use crate::forward::failure::ForwardError;
use crate::forward::headers::{set_upgrade, strip_hop_by_hop};
use crate::forward::outgoing::Outgoing;
use crate::forward::target::Target;
use crate::gateway::Gateway;
use crate::peer::Peer;
use crate::rate_limit::client_address;
use crate::tunnel::{NoPermit, is_upgrade};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode};

/// Forwards a handshake. If the service accepts it, connects both ends; if not, returns the service's response.
///
/// # Errors
/// [`ForwardError`] when there is no response, or too many tunnels are open, or the session has ended.
pub(crate) async fn open(
    gateway: &Gateway,
    target: Target,
    mut outgoing: Outgoing,
    mut request: Request,
    peer: &Peer,
) -> Result<Response, ForwardError> {
    let address = client_address(peer.ip(), request.headers(), gateway.config.trust_forwarded);
    let user = outgoing.principal.map(|principal| principal.user);
    let permit = gateway.tunnels.permit(user, address).map_err(|no_permit| match no_permit {
        NoPermit::Client => ForwardError::TooManyTunnelsOfClient,
        NoPermit::Gateway => ForwardError::TooManyTunnels,
    })?;
    let session = gateway.authenticator.watch(outgoing.session)?;
    set_upgrade(&mut outgoing.headers);
    let client = hyper::upgrade::on(&mut request);
    let (handshake, rebuild) = without_body(Method::GET, outgoing.uri, outgoing.headers);
    let answer = send(
        gateway.upstream(target.service),
        handshake,
        rebuild,
        gateway.limits.upload,
        outgoing.response_header_timeout,
    )
    .await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(client_response(answer, &gateway.limits));
    }
    if !is_upgrade(answer.head().headers()) {
        return Err(ForwardError::UnexpectedUpgrade);
    }
    let (head, service) = answer.into_socket();
    gateway.tunnels.run(permit, client, service, session);
    let mut response = head.map(|()| Body::empty());
    strip_hop_by_hop(response.headers_mut());
    set_upgrade(response.headers_mut());
    Ok(response)
}
