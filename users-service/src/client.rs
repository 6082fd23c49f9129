//! Where a request comes from, as the list of sessions and the audit trail show it.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use http_server::request_id::REQUEST_ID;
use identity::client_address;
use std::convert::Infallible;
use std::net::IpAddr;

/// Longest stored `User-Agent`, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 200;
/// Longest stored request id: those of the gateway have 36 characters.
const REQUEST_ID_BYTES_MAX: usize = 64;

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
        let request_id = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        Self { user_agent, ..Self::reported(client_address(headers), request_id.map(str::to_owned)) }
    }

    /// The client of a request that a gateway reports.
    pub fn reported(address: Option<IpAddr>, request_id: Option<String>) -> Self {
        let is_plain = |id: &String| {
            id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        Self { address, user_agent: None, request_id: request_id.filter(is_plain) }
    }

    /// The address as text.
    pub fn address(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
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
    fn only_a_plain_request_id_is_kept() {
        let id = |text: &str| ClientInfo::reported(None, Some(text.to_owned())).request_id;
        assert_eq!(id("0190-ab").as_deref(), Some("0190-ab"));
        for text in ["a b", "a\n", &"a".repeat(65)] {
            assert_eq!(id(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_user_agent_is_cut() {
        let headers = [(header::USER_AGENT, "x".repeat(1000).parse().unwrap())].into_iter().collect();
        assert_eq!(ClientInfo::of(&headers).user_agent().map(str::len), Some(USER_AGENT_CHARACTERS_MAX));
    }
}
