//! Where a request comes from, as the list of sessions shows it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use std::convert::Infallible;
use std::net::IpAddr;

/// Longest stored `User-Agent`, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 200;

/// The client of a request. For information only: a client can choose its `User-Agent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    address: Option<IpAddr>,
    user_agent: Option<String>,
}

impl ClientInfo {
    /// The client named by these headers, which the gateway has written.
    pub fn of(headers: &HeaderMap) -> Self {
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect());
        Self { address: address(headers), user_agent }
    }

    /// The address as text.
    pub fn address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    /// Whether it is on this machine, or has called this service without a gateway.
    pub fn is_on_this_machine(&self) -> bool {
        self.address.is_none_or(|address| address.is_loopback())
    }

    /// What the program calls itself.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
}

/// The gateway appends its peer to the list, and drops what was in it unless the peer is a trusted proxy. So the client is
/// before the last entry, if there is one.
fn address(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get("x-forwarded-for")?.to_str().ok()?;
    let mut from_right = hops.rsplit(',').map(str::trim);
    let last = from_right.next()?;
    from_right.next().unwrap_or(last).parse().ok().map(|address: IpAddr| address.to_canonical())
}

impl<S: Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hops: &'static str) -> Option<String> {
        let headers = [("x-forwarded-for".parse().unwrap(), hops.parse().unwrap())].into_iter().collect();
        ClientInfo::of(&headers).address()
    }

    #[test]
    fn the_client_is_the_peer_of_the_gateway_or_of_its_proxy() {
        assert_eq!(of("10.0.0.9").as_deref(), Some("10.0.0.9"));
        assert_eq!(of("6.6.6.6, 10.0.0.5, 127.0.0.1").as_deref(), Some("10.0.0.5"));
        assert_eq!(of("::ffff:10.0.0.9").as_deref(), Some("10.0.0.9"));
        assert_eq!(of("nonsense"), None);
        assert_eq!(ClientInfo::of(&HeaderMap::new()), ClientInfo::default());
    }

    #[test]
    fn a_long_user_agent_is_cut() {
        let headers = [(header::USER_AGENT, "x".repeat(1000).parse().unwrap())].into_iter().collect();
        assert_eq!(ClientInfo::of(&headers).user_agent().map(str::len), Some(USER_AGENT_CHARACTERS_MAX));
    }
}
