//! The URL of an HTTP server, without a user.

use crate::url_rule::{UrlRule, WrongUrl};
use std::fmt;
use std::str::FromStr;

const RULE: UrlRule = UrlRule { schemes: &["http", "https"], example: "http://localhost:4318" };

/// An `http` or `https` URL: host, optional port and path; no user, password, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

impl FromStr for HttpUrl {
    type Err = WrongUrl;

    fn from_str(text: &str) -> Result<Self, WrongUrl> {
        RULE.parse_plain(text).map(|_| Self(text.to_owned()))
    }
}

impl HttpUrl {
    /// The URL as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Parses a URL that a client without TLS can use.
    ///
    /// # Errors
    /// [`WrongUrl`] if it is not such a URL, or its scheme is `https`.
    pub fn parse_without_tls(text: &str) -> Result<Self, WrongUrl> {
        UrlRule { schemes: &["http"], ..RULE }.parse_plain(text).map(|_| Self(text.to_owned()))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_url_of_an_http_server_is_accepted() {
        for text in ["http://localhost:15672", "https://rabbit.example/console/", "http://[::1]:1"] {
            assert_eq!(text.parse::<HttpUrl>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "localhost:15672",
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "http://",
            "http:host",
            "http://host:99999",
            "http://host:0",
            "http://user:password@host",
            "http://host/?a=b",
            "http://ho st",
        ] {
            assert!(text.parse::<HttpUrl>().is_err(), "{text}");
        }
        assert!(HttpUrl::parse_without_tls("https://host").is_err());
    }
}
