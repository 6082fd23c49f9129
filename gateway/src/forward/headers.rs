//! Headers as they change from hop to hop.

use crate::peer::Peer;
use axum::http::HeaderMap;
use chassis::identity::{PREFIX_HEADER, ROLE_HEADER, USER_HEADER};
use chassis::passage::{PASS_HEADER, Passenger};
use http::{HeaderName, HeaderValue, header};

/// What belongs to one connection. Source: RFC 9110, section 7.6.1.
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

/// What a client could claim about where its request comes from.
static CLAIMS: [HeaderName; 7] = [
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

/// What only the gateway itself tells a service.
static OURS: [HeaderName; 5] = [USER_HEADER, ROLE_HEADER, PASS_HEADER, PREFIX_HEADER, TRACEPARENT];

/// Headers that are written at most, beyond those that go on.
const ADDED: usize = 8;

/// Where a request comes from, as far as the gateway knows.
pub(crate) struct Provenance<'a> {
    /// The other end of the connection.
    pub(crate) peer: &'a Peer,
    /// Whether that is a proxy whose `X-Forwarded-*` are believed.
    pub(crate) is_believed: bool,
    /// What was taken off the path.
    pub(crate) prefix: &'static str,
}

/// Removes what belongs to one connection: what `Connection` names first, then the fixed list.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in &nominated(headers) {
        headers.remove(name);
    }
    // Few headers are there and many could be: a look at each is cheaper than a search for each.
    let there: Vec<HeaderName> = headers.keys().filter(|name| HOP_BY_HOP.contains(name)).cloned().collect();
    for name in there {
        headers.remove(name);
    }
}

/// What `Connection` names.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect()
}

/// The headers of a client as its service gets them.
///
/// What goes on is picked in one pass over the few headers that are there, instead of taking away the many that might be.
/// Identity, provenance and trace are written last: a client can neither claim them nor, with `Connection`, remove them.
pub(crate) fn outgoing(from: &HeaderMap, provenance: &Provenance<'_>, caller: Option<Passenger>) -> HeaderMap {
    let host = from.get(header::HOST).cloned();
    let request_id = from.get(crate::edge::access::REQUEST_ID).cloned();
    let is_chunked = from.contains_key(header::TRANSFER_ENCODING);
    let claimed = provenance.is_believed.then(|| Claimed::of(from));
    let nominated = nominated(from);
    let mut headers = HeaderMap::with_capacity(from.len() + ADDED);
    for (name, value) in from {
        if goes_on(name) && !nominated.contains(name) {
            headers.append(name, value.clone());
        }
    }
    if let Some(Passenger { user, role }) = caller {
        headers.insert(USER_HEADER, HeaderValue::from(user));
        headers.insert(ROLE_HEADER, HeaderValue::from_static(role.as_str()));
    }
    if let Some(id) = request_id {
        headers.insert(crate::edge::access::REQUEST_ID, id);
    }
    if let Some(context) = trace::current()
        && let Ok(value) = HeaderValue::from_str(&context.to_string())
    {
        headers.insert(TRACEPARENT, value);
    }
    if is_chunked {
        // Without a length and without this, hyper sends no body with GET or DELETE.
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    forwarded(&mut headers, provenance, claimed.unwrap_or_default(), host);
    headers
}

/// Whether a header of a client is for the service: none of the connection's, and none that the gateway writes itself.
fn goes_on(name: &HeaderName) -> bool {
    // hyper has answered `100 Continue` itself.
    let is_dropped = HOP_BY_HOP.contains(name)
        || CLAIMS.contains(name)
        || *name == header::EXPECT
        // What proves to the gateway who calls is nothing for a service.
        || *name == header::AUTHORIZATION
        || OURS.contains(name);
    !is_dropped
}

/// What a proxy that is believed says of where a request comes from.
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
        is_believed: bool,
        caller: Option<Passenger>,
    ) -> HeaderMap {
        let peer = Peer::at(([10, 0, 0, 9], 49_152).into());
        outgoing(&map(pairs), &Provenance { peer: &peer, is_believed, prefix: "/orders" }, caller)
    }

    #[test]
    fn what_connection_names_goes_too() {
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
    fn claims_about_the_origin_are_dropped_unless_believed() {
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
    fn the_user_is_the_gateways_and_cannot_be_nominated_away() {
        let claimed = [("x-user-id", "666"), ("connection", "x-user-id")];
        let seven = Passenger { user: 7, role: chassis::passage::Role::User };
        let headers = outgoing_from(&claimed, false, Some(seven));
        assert_eq!(headers["x-user-id"], "7");
        let headers = outgoing_from(&[("x-user-id", "666")], false, None);
        assert!(!headers.contains_key("x-user-id"));
    }
}
