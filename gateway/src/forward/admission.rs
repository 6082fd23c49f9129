//! Decides whether a request may go to a service, for which user, and with which headers.

use crate::auth::{Credentials, Identified, RefusalReason, Unidentified, without_credentials};
use crate::edge::path::decode;
use crate::forward::authorization::{self, Access};
use crate::forward::body_limit;
use crate::forward::failure::ForwardError;
use crate::forward::outgoing::{Outgoing, request_headers};
use crate::forward::target::{Service, Target};
use crate::gateway::Gateway;
use crate::origins::OriginCheck;
use crate::peer::Peer;
use crate::tunnel::is_handshake;
use axum::extract::Request;
use http::uri::PathAndQuery;
use http::{StatusCode, Uri};
use http_api::body::require_json;
use http_api::problem::Problem;
use http_api::problem::no_such_page;
use http_body::Body as _;
use identity::Role;

/// An admitted request.
pub(crate) enum Admission {
    Exchange(Outgoing),
    Tunnel(Outgoing),
}

/// Checks a request by its head.
///
/// # Errors
/// [`ForwardError::Rejected`] with 401, 403, 404, 413 or 421.
pub(crate) fn admit(
    gateway: &Gateway,
    target: Target,
    request: &Request,
    peer: &Peer,
    ticket_principal: Option<Identified>,
) -> Result<Admission, ForwardError> {
    let path = target.strip(request.uri().path());
    if is_internal(path) {
        return Err(no_such_page().into());
    }
    let is_socket = is_handshake(request);
    if is_socket && gateway.config.allowed_origins.check(request.headers()) == OriginCheck::Forbidden {
        return Err(origin_not_allowed().into());
    }
    let query = request.uri().query();
    let credentials =
        Credentials { headers: request.headers(), socket_query: query.filter(|_| is_socket), ticket_principal };
    let refused = |unidentified: Unidentified| {
        if let Some((reason, user)) = unidentified.refusal {
            gateway.count_refusal(reason, user, request.headers(), peer.ip());
        }
        *unidentified.problem
    };
    let identified = match authorization::required(target.service, request.method(), path, is_socket) {
        Access::Anonymous => None,
        Access::Guests => gateway.authenticator.identify_optional(&credentials).map_err(refused)?,
        Access::Users => Some(gateway.authenticator.identify(&credentials).map_err(refused)?),
        Access::Administrators => match gateway.authenticator.identify(&credentials).map_err(refused)? {
            identified if identified.principal.role == Role::Administrator => Some(identified),
            identified => {
                let user = Some(identified.principal.user);
                gateway.count_refusal(RefusalReason::Administration, user, request.headers(), peer.ip());
                return Err(no_such_page().into());
            }
        },
    };
    if target.service == Service::Users && authorization::accepts_password(path) {
        check_form(gateway, request)?;
    }
    let principal = identified.map(|identified| identified.principal);
    let session = identified.and_then(|identified| identified.session);
    let body_limit = body_limit::of(&gateway.limits, target, request.method(), path);
    if request.body().size_hint().lower() > body_limit.bytes {
        return Err(ForwardError::TooLarge);
    }
    let query = match query {
        Some(query) if is_socket => Some(without_credentials(query)).filter(|rest| !rest.is_empty()),
        query => query.map(str::to_owned),
    };
    let uri = uri(path, query)?;
    let outgoing = Outgoing {
        headers: request_headers(
            gateway,
            target,
            (request.method(), &uri),
            request.headers(),
            peer,
            principal,
            session,
        ),
        uri,
        principal,
        session,
        body_bytes_max: body_limit.bytes,
        upload_timeout: body_limit.time,
        response_header_timeout: if target.service == Service::Ocr {
            gateway.limits.ocr_response_header
        } else {
            gateway.limits.response_header
        },
    };
    Ok(if is_socket { Admission::Tunnel(outgoing) } else { Admission::Exchange(outgoing) })
}

/// Internal pages of services: what is below `/internal` is for gateways only; `/metrics` contains business figures,
/// `/readyz` names broken dependencies, and both cost work that anonymous clients could trigger. The gateway's own pages
/// of these names are public.
fn is_internal(path: &str) -> bool {
    let decoded = decode(path).unwrap_or_default();
    let plain = decoded.strip_suffix(b"/").unwrap_or(&decoded);
    let is_below_internal = plain.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"/internal"));
    is_below_internal
        || [b"/metrics".as_slice(), b"/healthz", b"/readyz"].iter().any(|page| plain.eq_ignore_ascii_case(page))
}

/// The request target for the service. It has no host, because the connection determines it.
fn uri(path: &str, query: Option<String>) -> Result<Uri, ForwardError> {
    let page = match query {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    page.map(Uri::from).map_err(|_| no_such_page().into())
}

/// A page of another origin must not use up its visitor's attempts to sign in: a browser sends its form, or its `fetch` of
/// plain text, without asking first.
///
/// # Errors
/// 403 when the request comes from such a page, 415 when its body is not JSON. Neither is counted as an attempt.
fn check_form(gateway: &Gateway, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let origin = gateway.config.allowed_origins.check(headers);
    let is_cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if origin == OriginCheck::Forbidden || (is_cross_site && origin == OriginCheck::Missing) {
        return Err(origin_not_allowed());
    }
    require_json(headers)
}

fn origin_not_allowed() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "origin_not_allowed",
        "pages of this origin may not open sockets or sign in: see ALLOWED_ORIGINS",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_pages_are_recognised_in_every_spelling() {
        for path in
            ["/metrics", "/metrics/", "/%6detrics", "/READYZ", "/healthz", "/internal/ended-sessions", "/%49nternal"]
        {
            assert!(is_internal(path), "{path}");
        }
        for path in ["/", "/orders/metrics", "/metricsx", "/orders"] {
            assert!(!is_internal(path), "{path}");
        }
    }
}
