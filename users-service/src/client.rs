//! Where a request comes from, as the list of sessions and the audit trail show it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use http_server::request_id::{self, is_plain};
use identity::client_address;
use std::convert::Infallible;
use std::net::IpAddr;

/// Longest stored `User-Agent`, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 200;

/// The client of a request. For information only: a client can choose its `User-Agent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    address: Option<IpAddr>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl ClientInfo {
    /// The client named by these headers, which the gateway has written.
    pub fn of(headers: &HeaderMap) -> Self {
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect());
        let request_id = request_id::request_id(headers).map(str::to_owned);
        Self { user_agent, ..Self::reported(client_address(headers), request_id) }
    }

    /// The client of a request that a gateway reports.
    pub fn reported(address: Option<IpAddr>, request_id: Option<String>) -> Self {
        Self { address, user_agent: None, request_id: request_id.filter(|id| is_plain(id)) }
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

    /// The id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
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

    #[test]
    fn a_long_user_agent_is_cut() {
        let headers = [(header::USER_AGENT, "x".repeat(1000).parse().unwrap())].into_iter().collect();
        assert_eq!(ClientInfo::of(&headers).user_agent().map(str::len), Some(USER_AGENT_CHARACTERS_MAX));
    }
}
