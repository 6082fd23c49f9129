//! An administrator's request to the operations of a service: their session must not have ended a moment ago.
//!
//! Gateways learn within a second or two which sessions have ended. users-service checks itself; the other services can't,
//! and their operations replay, change and discard events.

use crate::auth::Identified;
use crate::edge::operations::is_operations_path;
use crate::forward::failure::ForwardError;
use crate::forward::outgoing::Outgoing;
use crate::forward::target::{Service, Target};
use crate::gateway::Gateway;
use crate::peer::Peer;
use axum::extract::Request;
use http::HeaderMap;

/// Whether users-service has to be asked before the request is forwarded.
pub(super) fn is_needed(target: Target, request: &Request) -> bool {
    target.service != Service::Users && is_operations_path(target.strip(request.uri().path()))
}

/// Asks users-service.
///
/// # Errors
/// 401 when the session has ended.
pub(super) async fn recheck(
    gateway: &Gateway,
    outgoing: &Outgoing,
    headers: &HeaderMap,
    peer: &Peer,
) -> Result<(), ForwardError> {
    let Some(principal) = outgoing.principal else { return Ok(()) };
    let identified = Identified { principal, session: outgoing.session };
    let checked = gateway.authenticator.recheck(identified, gateway.upstream(Service::Users)).await;
    checked.map_err(|unidentified| {
        if let Some((reason, user)) = unidentified.refusal {
            gateway.count_refusal(reason, user, headers, peer.ip());
        }
        ForwardError::from(*unidentified.problem)
    })
}
