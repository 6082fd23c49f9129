//! How many bodies a client sends at the same time. A service holds what it has received of each of them.

use crate::forward::body_limit;
use crate::forward::failure::ForwardError;
use crate::forward::outgoing::Outgoing;
use crate::forward::target::Target;
use crate::gateway::Gateway;
use crate::peer::Peer;
use crate::rate_limit::client_address;
use crate::shares::Share;
use axum::extract::Request;
use http_body::Body as _;

/// The places that a request takes.
#[derive(Default)]
pub(crate) struct UploadPlaces {
    /// Until its body has arrived.
    pub(crate) body: Option<Share>,
    /// Until its response begins: a photo then waits to be read.
    pub(crate) photo: Option<Share>,
}

/// The places of a request with a body.
///
/// # Errors
/// [`ForwardError::TooManyUploads`] if this client has no more.
pub(super) fn take(
    gateway: &Gateway,
    target: Target,
    outgoing: &Outgoing,
    request: &Request,
    peer: &Peer,
) -> Result<UploadPlaces, ForwardError> {
    if request.body().is_end_stream() {
        return Ok(UploadPlaces::default());
    }
    let address = client_address(peer.ip(), request.headers(), gateway.config.trust_forwarded);
    let user = outgoing.principal.map(|principal| principal.user);
    let place = |of: &crate::shares::Shares| of.take(user, address).ok_or(ForwardError::TooManyUploads).map(Some);
    let is_photo = body_limit::is_photo(target, request.method(), target.strip(request.uri().path()));
    let photo = if is_photo { place(&gateway.photos)? } else { None };
    Ok(UploadPlaces { body: place(&gateway.uploads)?, photo })
}
