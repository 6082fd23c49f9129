//! Whether a message switches to the WebSocket protocol.

use axum::extract::Request;
use http::{HeaderMap, Method, Version, header};
use http_body::Body as _;

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

/// Whether the headers of a message switch to the WebSocket protocol, and to no other.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
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
