//! Headers that change at this hop.

use crate::peer::Peer;
use axum::http::HeaderMap;
use http::{HeaderName, HeaderValue, header};
use http_api::prefix::PREFIX_HEADER;
use http_server::request_id::REQUEST_ID;
use identity::{GATEWAY_TOKEN_HEADER, Principal};
use identity::{ROLE_HEADER, SESSION_HEADER, USER_HEADER};

/// Headers of a single connection. Source: RFC 9110, section 7.6.1.
static HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-authentication-info"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Headers in which a client could claim where its request comes from.
static PROVENANCE_HEADERS: [HeaderName; 7] = [
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-forwarded-port"),
    HeaderName::from_static("x-forwarded-server"),
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
];

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Headers that only the gateway sets for a service.
static GATEWAY_HEADERS: [HeaderName; 6] =
    [USER_HEADER, ROLE_HEADER, SESSION_HEADER, GATEWAY_TOKEN_HEADER, PREFIX_HEADER, TRACEPARENT];

/// Most headers that are added to those of the client.
const ADDED_HEADERS_MAX: usize = 8;

/// Where a request comes from, as far as the gateway knows.
pub(crate) struct Provenance<'a> {
    /// The client's end of the connection.
    pub(crate) peer: &'a Peer,
    /// Whether the peer is a proxy whose `X-Forwarded-*` headers are trusted.
    pub(crate) is_trusted: bool,
    /// The prefix that was removed from the path.
    pub(crate) prefix: &'static str,
}

/// Removes the headers of a single connection: those that `Connection` names, then the fixed list.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in &nominated(headers) {
        headers.remove(name);
    }
    // A message has few headers, so one pass over them is cheaper than a lookup for each of the list.
    let present: Vec<HeaderName> = headers.keys().filter(|name| HOP_BY_HOP.contains(name)).cloned().collect();
    for name in present {
        headers.remove(name);
    }
}

/// Names WebSocket as the protocol to change to.
pub(crate) fn set_upgrade(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// The header names listed in `Connection`.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect()
}

/// Builds the headers that a service receives from those of the client.
///
/// They are copied in one pass, instead of removing each possible header. Identity, provenance and trace are written
/// last, so a client can neither claim them nor remove them with `Connection`.
pub(crate) fn outgoing(from: &HeaderMap, provenance: &Provenance<'_>, principal: Option<Principal>) -> HeaderMap {
    let host = from.get(header::HOST).cloned();
    let request_id = from.get(REQUEST_ID).cloned();
    let is_chunked = from.contains_key(header::TRANSFER_ENCODING);
    let claimed = provenance.is_trusted.then(|| Claimed::of(from));
    let nominated = nominated(from);
    let mut headers = HeaderMap::with_capacity(from.len() + ADDED_HEADERS_MAX);
    for (name, value) in from {
        if is_forwarded(name) && !nominated.contains(name) {
            headers.append(name, value.clone());
        }
    }
    if let Some(Principal { user, role }) = principal {
        headers.insert(USER_HEADER, HeaderValue::from(user));
        headers.insert(ROLE_HEADER, HeaderValue::from_static(role.as_str()));
    }
    if let Some(id) = request_id {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(context) = trace::current()
        && let Ok(value) = HeaderValue::from_str(&context.to_string())
    {
        headers.insert(TRACEPARENT, value);
    }
    if is_chunked {
        // Without this and without a length, hyper sends no body with GET or DELETE.
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    forwarded(&mut headers, provenance, claimed.unwrap_or_default(), host);
    headers
}

/// Whether a client's header is forwarded: it is neither hop-by-hop nor written by the gateway.
fn is_forwarded(name: &HeaderName) -> bool {
    // `Expect`: hyper has already sent `100 Continue`.
    let is_dropped = HOP_BY_HOP.contains(name)
        || PROVENANCE_HEADERS.contains(name)
        || *name == header::EXPECT
        // Credentials are for the gateway only.
        || *name == header::AUTHORIZATION
        || GATEWAY_HEADERS.contains(name);
    !is_dropped
}

/// What a trusted proxy says about where a request comes from.
#[derive(Default)]
struct Claimed {
    hops: Option<String>,
    proto: Option<HeaderValue>,
    host: Option<HeaderValue>,
}

impl Claimed {
    fn of(headers: &HeaderMap) -> Self {
        let claim = |name: &HeaderName| headers.get(name).cloned();
        Self { hops: joined(headers, &FORWARDED_FOR), proto: claim(&FORWARDED_PROTO), host: claim(&FORWARDED_HOST) }
    }
}

fn forwarded(headers: &mut HeaderMap, provenance: &Provenance<'_>, claimed: Claimed, host: Option<HeaderValue>) {
    let peer = provenance.peer;
    let hops = match claimed.hops {
        None => Ok(peer.ip_text().clone()),
        Some(hops) => HeaderValue::try_from(format!("{hops}, {}", peer.ip())),
    };
    if let Ok(hops) = hops {
        headers.insert(FORWARDED_FOR, hops);
    }
    headers.insert(FORWARDED_PROTO, claimed.proto.unwrap_or(HeaderValue::from_static("http")));
    if let Some(host) = claimed.host.or(host) {
        headers.insert(FORWARDED_HOST, host);
    }
    if !provenance.prefix.is_empty() {
        headers.insert(PREFIX_HEADER, HeaderValue::from_static(provenance.prefix));
    }
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn outgoing_from(
        pairs: &[(&'static str, &'static str)],
        is_trusted: bool,
        principal: Option<Principal>,
    ) -> HeaderMap {
        let peer = Peer::at(([10, 0, 0, 9], 49_152).into());
        outgoing(&map(pairs), &Provenance { peer: &peer, is_trusted, prefix: "/orders" }, principal)
    }

    #[test]
    fn headers_named_by_connection_are_removed() {
        let mut headers = map(&[
            ("connection", "close, X-Foo"),
            ("connection", "x-bar"),
            ("x-foo", "1"),
            ("x-bar", "1"),
            ("keep-alive", "1"),
            ("te", "trailers"),
            ("proxy-authorization", "x"),
            ("x-baz", "1"),
        ]);
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&[("x-baz", "1")]));
    }

    #[test]
    fn provenance_headers_are_dropped_unless_trusted() {
        let claims = [
            ("host", "h"),
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/evil"),
            ("forwarded", "for=1.1.1.1"),
        ];
        let headers = outgoing_from(&claims, false, None);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.9");
        assert_eq!(headers["x-forwarded-proto"], "http");
        assert_eq!(headers["x-forwarded-host"], "h");
        assert_eq!(headers["x-forwarded-prefix"], "/orders");
        assert!(!headers.contains_key("forwarded"));

        let headers = outgoing_from(&claims, true, None);
        assert_eq!(headers["x-forwarded-for"], "1.1.1.1, 2.2.2.2, 10.0.0.9");
        assert_eq!(headers["x-forwarded-proto"], "https");
        assert_eq!(headers["x-forwarded-prefix"], "/orders");
    }

    #[test]
    fn the_user_header_is_set_by_the_gateway_and_connection_cannot_remove_it() {
        let claimed = [("x-user-id", "666"), ("connection", "x-user-id")];
        let seven = Principal { user: 7, role: identity::Role::User };
        let headers = outgoing_from(&claimed, false, Some(seven));
        assert_eq!(headers["x-user-id"], "7");
        let headers = outgoing_from(&[("x-user-id", "666")], false, None);
        assert!(!headers.contains_key("x-user-id"));
    }
}
