//! A request as its service receives it.

use crate::forward::headers::{self, Provenance};
use crate::forward::target::Target;
use crate::gateway::Gateway;
use crate::peer::Peer;
use crate::rate_limit::client_address;
use http::{HeaderMap, Method, Uri, header};
use identity::{Origin, Principal};
use std::time::Duration;
use uuid::Uuid;

/// What is sent to the service, except method and body.
pub(crate) struct Outgoing {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// The principal of the request.
    pub(crate) principal: Option<Principal>,
    /// Their session; `None` for guests and in development.
    pub(crate) session: Option<Uuid>,
    /// Largest body, in bytes.
    pub(crate) body_bytes_max: u64,
    /// From the first to the last byte of the body.
    pub(crate) upload_timeout: Duration,
    /// From the end of the request to the head of the response.
    pub(crate) response_header_timeout: Duration,
}

/// The headers of a request as its service receives them. `uri` is the one that the service receives.
pub(crate) fn request_headers(
    gateway: &Gateway,
    target: Target,
    (method, uri): (&Method, &Uri),
    of_client: &HeaderMap,
    peer: &Peer,
    principal: Option<Principal>,
    session: Option<Uuid>,
) -> HeaderMap {
    let provenance = Provenance { peer, is_trusted: gateway.config.trust_forwarded, prefix: target.prefix };
    let mut headers = headers::outgoing(of_client, &provenance, principal);
    let upstream = gateway.upstream(target.service);
    let client = client_address(peer.ip(), of_client, gateway.config.trust_forwarded).to_canonical();
    upstream.add_gateway_token(&mut headers, (method, uri), Origin { principal, client: Some(client), session });
    headers.insert(header::HOST, upstream.base.host());
    headers
}
