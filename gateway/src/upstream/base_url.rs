//! The URL of a service: `http://host:port`.

use configuration::HttpUrl;
use http::uri::{Authority, InvalidUri, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use std::fmt;
use std::str::FromStr;

/// The address of a service: plain HTTP, host and port, no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    authority: Authority,
    host: HeaderValue,
}

/// The text is not `http://host:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL like http://127.0.0.1:8001: plain HTTP, a host, a port that exists, no user and no path")]
pub struct MalformedBaseUrl;

impl FromStr for BaseUrl {
    type Err = MalformedBaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        HttpUrl::parse_without_tls(text).map_err(|_| MalformedBaseUrl)?;
        let rest = text.strip_prefix("http://").ok_or(MalformedBaseUrl)?;
        let authority: Authority = rest.strip_suffix('/').unwrap_or(rest).parse().map_err(|_| MalformedBaseUrl)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| MalformedBaseUrl)?;
        Ok(Self { authority, host })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.authority)
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
        (host, self.authority.port_u16().unwrap_or(80))
    }

    /// The URL of a page of the service.
    ///
    /// # Errors
    /// When `path_and_query` is malformed.
    pub(crate) fn page(&self, path_and_query: String) -> Result<Uri, InvalidUri> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(PathAndQuery::try_from(path_and_query)?);
        // All three parts are present, which is all that is checked.
        Ok(Uri::from_parts(parts).expect("scheme, authority and path make an address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_plain_http_address() {
        let url: BaseUrl = "http://orders-service:8001/".parse().unwrap();
        assert_eq!(url.to_string(), "http://orders-service:8001");
        assert_eq!(url.page("/orders?a=%20b".to_owned()).unwrap(), "http://orders-service:8001/orders?a=%20b");
        for text in [
            "",
            "orders:8001",
            "https://orders:8001",
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
