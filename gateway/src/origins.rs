//! Which web pages may call the gateway: an exact list, no patterns.

use configuration::{MalformedOrigin, Origin};
use http::{HeaderMap, HeaderValue, header};
use std::net::SocketAddr;
use std::str::FromStr;

/// The allowed origins, as browsers serialise them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(Vec<String>);

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
            .map(|origin| Origin::parse_exactly(origin).map(|origin| origin.to_string()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Origins {
    /// Adds an origin.
    pub(crate) fn add(&mut self, origin: &Origin) {
        self.0.push(origin.to_string());
    }

    /// Adds the origins of a listener for browsers if it is on loopback, so that its own page works on any port.
    ///
    /// These are loopback addresses and `localhost`, which no page from elsewhere can have.
    pub(crate) fn add_own(&mut self, listener: SocketAddr, has_tls: bool) {
        if listener.ip().is_loopback() {
            let scheme = if has_tls { "https" } else { "http" };
            self.0.push(format!("{scheme}://{listener}"));
            self.0.push(format!("{scheme}://localhost:{}", listener.port()));
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

    /// Whether people use the gateway by HTTPS, under a name of its own. `localhost` is shared by all ports of a machine,
    /// some of which have no TLS.
    pub(crate) fn has_https(&self) -> bool {
        let hosts = self.0.iter().filter_map(|origin| origin.strip_prefix("https://"));
        hosts
            .map(|host| host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(host, |(host, _)| host))
            .any(|host| !configuration::is_loopback(host))
    }

    /// Whether `host`, without port, belongs to an allowed origin.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        self.0.iter().filter_map(|origin| origin.parse::<http::Uri>().ok()).any(|origin| origin.host() == Some(host))
    }
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
    fn https_is_required_of_a_name_of_its_own_only() {
        let has_https = |text: &str| text.parse::<Origins>().unwrap().has_https();
        assert!(has_https("https://chipin.example") && has_https("http://a,https://chipin.example:8443"));
        assert!(!has_https("http://chipin.example"));
        assert!(!has_https("https://localhost:8080,https://127.0.0.1:8080,https://[::1]:8080"));
    }

    #[test]
    fn the_ui_is_an_allowed_origin_on_loopback_only() {
        let with_own = |ui: &str| {
            let mut list: Origins = "".parse().unwrap();
            list.add_own(ui.parse().unwrap(), false);
            list.0
        };
        assert_eq!(with_own("127.0.0.1:9"), ["http://127.0.0.1:9", "http://localhost:9"]);
        assert_eq!(with_own("[::1]:9"), ["http://[::1]:9", "http://localhost:9"]);
        assert!(with_own("0.0.0.0:9").is_empty());
        assert!(with_own("192.168.0.1:9").is_empty());
    }
}
