//! The address of the client, as set by the gateway.

use http::{HeaderMap, HeaderName};
use std::net::IpAddr;

/// The header with the address of the client. After a gateway token has been verified, it is the address in the token.
pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, from the headers.
///
/// The gateway appends its peer to the list, and drops what was in it unless the peer is a trusted proxy. So without a
/// gateway token the client is before the last entry, if there is one.
pub fn client_address(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get(FORWARDED_FOR)?.to_str().ok()?;
    let mut from_right = hops.rsplit(',').map(str::trim);
    let last = from_right.next()?;
    from_right.next().unwrap_or(last).parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hops: &'static str) -> Option<String> {
        let headers = [(FORWARDED_FOR, hops.parse().unwrap())].into_iter().collect();
        client_address(&headers).map(|address| address.to_string())
    }

    #[test]
    fn the_client_is_the_peer_of_the_gateway_or_of_its_proxy() {
        assert_eq!(of("10.0.0.9").as_deref(), Some("10.0.0.9"));
        assert_eq!(of("6.6.6.6, 10.0.0.5, 127.0.0.1").as_deref(), Some("10.0.0.5"));
        assert_eq!(of("::ffff:10.0.0.9").as_deref(), Some("10.0.0.9"));
        assert_eq!(of("nonsense"), None);
        assert_eq!(client_address(&HeaderMap::new()), None);
    }
}
