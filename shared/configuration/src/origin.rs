//! The origin of web pages.

use std::fmt;
use std::str::FromStr;
use url::Url;

/// One origin: scheme, host and port, as browsers serialise them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not an origin as browsers send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin as browsers write it, like http://localhost:8090: no path, no user, no default port")]
pub struct MalformedOrigin;

impl FromStr for Origin {
    type Err = MalformedOrigin;

    /// A slash at the end is left out.
    fn from_str(text: &str) -> Result<Self, MalformedOrigin> {
        Self::parse_exactly(text.strip_suffix('/').unwrap_or(text))
    }
}

impl Origin {
    /// Parses an origin exactly as browsers send it.
    ///
    /// # Errors
    /// [`MalformedOrigin`].
    pub fn parse_exactly(text: &str) -> Result<Self, MalformedOrigin> {
        let authority =
            text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).ok_or(MalformedOrigin)?;
        let is_allowed = |b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']');
        let url = Url::parse(text).map_err(|_| MalformedOrigin)?;
        let is_serialised = url.origin().ascii_serialization() == text && url.port() != Some(0);
        let is_origin = authority.bytes().all(is_allowed) && is_serialised;
        is_origin.then(|| Self(text.to_owned())).ok_or(MalformedOrigin)
    }

    /// The origin as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_host_and_a_port_that_exists() {
        for (text, origin) in [
            ("http://localhost:8090", "http://localhost:8090"),
            ("https://chipin.example/", "https://chipin.example"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), origin);
        }
        for text in [
            "banana",
            "http://",
            "http://host:99999",
            "http://host:0",
            "http://host:80",
            "http://host/path",
            "http://user:password@host",
            "http://HOST",
            "http://*.host",
            "javascript:alert(1)",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(MalformedOrigin), "{text}");
        }
    }
}
