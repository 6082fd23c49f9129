//! Which web pages may call the gateway: an exact list, no patterns.

use http::{HeaderMap, HeaderValue, header};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// The allowed origins, as browsers serialise them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec<String>);

/// One origin: scheme, host and port, as browsers serialise them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not an origin as browsers send it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin like http://localhost:8080")]
pub struct MalformedOrigin(String);

/// What the `Origin` header of a request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OriginCheck {
    /// There is no header: the client is a program, or a page that sends no origin.
    Missing,
    /// An allowed origin, with the header's value.
    Allowed(HeaderValue),
    /// Any other origin, or an ambiguous header.
    Forbidden,
}

impl FromStr for Origins {
    type Err = MalformedOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(|origin| {
                is_origin(origin).then(|| origin.to_owned()).ok_or_else(|| MalformedOrigin(origin.to_owned()))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl FromStr for Origin {
    type Err = MalformedOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        is_origin(text).then(|| Self(text.to_owned())).ok_or_else(|| MalformedOrigin(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Origins {
    /// Adds an origin.
    pub(crate) fn add(&mut self, origin: &Origin) {
        self.0.push(origin.0.clone());
    }

    /// Adds the origins of a listener for browsers if it is on loopback, so that its own page works on any port.
    ///
    /// These are loopback addresses and `localhost`, which no page from elsewhere can have.
    pub(crate) fn add_own(&mut self, listener: SocketAddr) {
        if listener.ip().is_loopback() {
            self.0.push(format!("http://{listener}"));
            self.0.push(format!("http://localhost:{}", listener.port()));
        }
    }

    /// Checks the `Origin` of a request. A `Host` equal to it proves nothing, because a page can point its own name at
    /// this machine (DNS rebinding).
    pub(crate) fn check(&self, headers: &HeaderMap) -> OriginCheck {
        let mut values = headers.get_all(header::ORIGIN).iter();
        match (values.next(), values.next()) {
            (None, _) => OriginCheck::Missing,
            (Some(value), None) if self.0.iter().any(|origin| value == origin) => OriginCheck::Allowed(value.clone()),
            (Some(_), _) => OriginCheck::Forbidden,
        }
    }

    /// Whether `host`, without port, belongs to an allowed origin.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.0.iter().filter_map(|origin| origin.parse::<http::Uri>().ok()).any(|origin| origin.host() == Some(host))
    }
}

/// Scheme, host and port as browsers serialise them: lower case, no path, no user, no wildcard.
fn is_origin(text: &str) -> bool {
    let Some(authority) = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")) else {
        return false;
    };
    let plain = authority.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'));
    plain && authority.parse::<http::uri::Authority>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_format_of_browsers_is_an_origin() {
        let list: Origins = "http://localhost:8080, https://chipin.example,".parse().unwrap();
        assert_eq!(list.0, ["http://localhost:8080", "https://chipin.example"]);
        assert_eq!("".parse(), Ok(Origins(vec![])));
        for text in ["*", "null", "localhost:8080", "http://x/", "http://X", "http://*.x", "ftp://x", "http://"] {
            assert!(text.parse::<Origins>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_origin_is_compared_exactly() {
        let list: Origins = "http://localhost:8080".parse().unwrap();
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("origin", value.parse().unwrap());
            }
            list.check(&headers)
        };
        assert_eq!(of(&[]), OriginCheck::Missing);
        let allowed = HeaderValue::from_static("http://localhost:8080");
        assert_eq!(of(&["http://localhost:8080"]), OriginCheck::Allowed(allowed));
        for value in ["null", "http://localhost", "http://localhost:8080.evil.example", "https://localhost:8080", ""] {
            assert_eq!(of(&[value]), OriginCheck::Forbidden, "{value}");
        }
        assert_eq!(of(&["http://localhost:8080", "http://localhost:8080"]), OriginCheck::Forbidden);
        assert!(list.has_host("localhost"));
        assert!(!list.has_host("evil.example"));
    }

    #[test]
    fn the_ui_is_an_allowed_origin_on_loopback_only() {
        let with_own = |ui: &str| {
            let mut list: Origins = "".parse().unwrap();
            list.add_own(ui.parse().unwrap());
            list.0
        };
        assert_eq!(with_own("127.0.0.1:9"), ["http://127.0.0.1:9", "http://localhost:9"]);
        assert_eq!(with_own("[::1]:9"), ["http://[::1]:9", "http://localhost:9"]);
        assert!(with_own("0.0.0.0:9").is_empty());
        assert!(with_own("192.168.0.1:9").is_empty());
    }
}
