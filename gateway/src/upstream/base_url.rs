//! The URL of a service: `http://host:port` or `https://host:port`.

use configuration::{HttpUrl, Peer};
use http::HeaderValue;
use http::uri::{Authority, Scheme};
use std::fmt;
use std::str::FromStr;

/// The address of a service: HTTP with or without TLS, host and port, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
}

/// The text is not `http://host:port` or `https://host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL like http://127.0.0.1:8001: http or https, a host, a port that exists, no user and no path")]
pub struct MalformedBaseUrl;

impl FromStr for BaseUrl {
    type Err = MalformedBaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<HttpUrl>().map_err(|_| MalformedBaseUrl)?;
        let (scheme, rest) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (Scheme::HTTP, rest),
            (None, Some(rest)) => (Scheme::HTTPS, rest),
            (None, None) => return Err(MalformedBaseUrl),
        };
        let authority: Authority = rest.strip_suffix('/').unwrap_or(rest).parse().map_err(|_| MalformedBaseUrl)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| MalformedBaseUrl)?;
        Ok(Self { scheme, authority, host })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl BaseUrl {
    /// The value of `Host` for requests to the service.
    pub(crate) fn host(&self) -> HeaderValue {
        self.host.clone()
    }

    /// The address to connect to.
    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        // An IPv6 address has brackets in a URL, but not in a socket address.
        let host = self.authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        (host, self.authority.port_u16().unwrap_or(if self.has_tls() { 443 } else { 80 }))
    }

    /// Whether the service is reached with TLS.
    pub(crate) fn has_tls(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The service.
    pub(crate) fn peer(&self) -> Peer {
        Peer { host: Some(self.host_and_port().0.to_owned()), is_verified: self.has_tls() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_an_http_address() {
        let url: BaseUrl = "http://orders-service:8001/".parse().unwrap();
        assert_eq!(url.to_string(), "http://orders-service:8001");
        assert_eq!((url.host_and_port(), url.has_tls()), (("orders-service", 8001), false));
        let url: BaseUrl = "https://[::1]".parse().unwrap();
        assert_eq!(
            (url.to_string().as_str(), url.host_and_port(), url.has_tls()),
            ("https://[::1]", ("::1", 443), true)
        );
        for text in [
            "",
            "orders:8001",
            "ftp://orders:8001",
            "https://orders:8001/path",
            "http://",
            "http://a/b",
            "http://u@h:1",
            "http://h:99999",
            "http://h:0",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
