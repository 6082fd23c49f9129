//! WebSockets: the handshake is forwarded like any request, then bytes are copied in both directions, without
//! re-framing.

mod pipe;
mod tunnels;

use crate::forward::admission::Outgoing;
use crate::forward::exchange::{client_response, send, without_body};
use crate::forward::failure::ForwardError;
use crate::forward::headers::strip_hop_by_hop;
use crate::gateway::Gateway;
use crate::upstream::Upstream;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use http_body::Body as _;
use std::sync::Arc;

pub(crate) use tunnels::Tunnels;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Whether a request is a valid WebSocket handshake. Otherwise it is an ordinary request, whose `Upgrade` is removed.
///
/// Source: RFC 6455, section 4.1.
pub(crate) fn is_handshake(request: &Request) -> bool {
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && request.body().is_end_stream()
        && request.headers().contains_key(header::SEC_WEBSOCKET_KEY)
        && is_upgrade(request.headers())
}

/// Forwards a handshake. If the service accepts it, connects both ends; if not, returns the service's response.
///
/// # Errors
/// [`ForwardError`] when there is no response, or too many tunnels are open.
pub(crate) async fn open(
    gateway: &Gateway,
    upstream: &Arc<Upstream>,
    mut outgoing: Outgoing,
    mut request: Request,
) -> Result<Response, ForwardError> {
    let permit = gateway.tunnels.permit().ok_or(ForwardError::TooManyTunnels)?;
    upgrade(&mut outgoing.headers);
    let client = hyper::upgrade::on(&mut request);
    let (handshake, rebuild) = without_body(Method::GET, outgoing.uri, outgoing.headers);
    let answer = send(upstream, handshake, rebuild, gateway.limits.upload, outgoing.response_header_timeout).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(client_response(answer, &gateway.limits));
    }
    if !is_upgrade(answer.head().headers()) {
        return Err(ForwardError::UnexpectedUpgrade);
    }
    let (head, service) = answer.into_socket();
    gateway.tunnels.run(permit, client, service);
    let mut response = head.map(|()| Body::empty());
    strip_hop_by_hop(response.headers_mut());
    upgrade(response.headers_mut());
    Ok(response)
}

fn upgrade(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, WEBSOCKET);
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    let mut protocols = headers.get_all(header::UPGRADE).iter();
    let only_websocket = match (protocols.next(), protocols.next()) {
        (Some(protocol), None) => protocol.as_bytes().eq_ignore_ascii_case(b"websocket"),
        _ => false,
    };
    let named_by_connection = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case("upgrade"));
    only_websocket && named_by_connection
}
