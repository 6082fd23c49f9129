//! The URL of Redis.

use crate::peer::Peer;
use crate::url_rule::{UrlRule, WrongUrl};
use std::fmt;
use std::str::FromStr;
use url::Url;

const RULE: UrlRule = UrlRule {
    schemes: &["redis", "rediss", "valkey", "valkeys", "redis+unix", "valkey+unix", "unix"],
    example: "redis://:password@host:port/number",
};

/// The URL of Redis. It may contain a password, so its debug output is empty.
#[derive(Clone)]
pub struct RedisUrl(String);

/// The client library refuses the URL. Its text is not shown: it may contain a part of the URL.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("REDIS_URL must be a URL like {}: the client of Redis refuses it", RULE.example)]
pub struct RefusedRedisUrl;

impl FromStr for RedisUrl {
    type Err = WrongUrl;

    fn from_str(text: &str) -> Result<Self, WrongUrl> {
        let url = RULE.parse(text)?;
        let is_socket = url.scheme().ends_with("unix");
        let path = url.path().trim_matches('/');
        if is_socket && path.is_empty() {
            return Err(RULE.wrong("it has no path of a socket"));
        }
        if !is_socket && url.host_str().is_none_or(str::is_empty) {
            return Err(RULE.wrong("it has no host"));
        }
        if !is_socket && !path.is_empty() && path.parse::<u32>().is_err() {
            return Err(RULE.wrong("its path is not the number of a database"));
        }
        if url.fragment().is_some() {
            // The client would read `#insecure` as "do not verify the certificate".
            return Err(RULE.wrong("a fragment is not supported"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl RedisUrl {
    /// The server.
    pub fn peer(&self) -> Peer {
        let Ok(url) = Url::parse(&self.0) else { return Peer { host: Some(String::new()), is_verified: false } };
        let is_socket = url.scheme().ends_with("unix");
        let host = url.host_str().filter(|_| !is_socket).map(str::to_owned);
        Peer { host, is_verified: matches!(url.scheme(), "rediss" | "valkeys") }
    }

    /// Gives the URL to a client.
    ///
    /// # Errors
    /// [`RefusedRedisUrl`] if the client refuses it.
    pub fn open<T, E>(&self, client: impl FnOnce(&str) -> Result<T, E>) -> Result<T, RefusedRedisUrl> {
        client(&self.0).map_err(|_| RefusedRedisUrl)
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_no_client_can_use_is_refused() {
        for text in ["redis://:password@host:1/2", "rediss://host", "valkey://host", "unix:///run/redis.sock"] {
            assert!(text.parse::<RedisUrl>().is_ok(), "{text}");
        }
        for text in [
            "",
            "host:1",
            "http://host",
            "rediss://host/#insecure",
            "redis://",
            "redis://host:99999",
            "redis://host/name",
        ] {
            assert!(text.parse::<RedisUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn neither_the_url_nor_its_error_shows_the_password() {
        assert_eq!(format!("{:?}", "redis://:sesame@host".parse::<RedisUrl>().unwrap()), "RedisUrl(…)");
        let failure = "redis://:sesame@host:sesame".parse::<RedisUrl>().unwrap_err();
        assert!(!failure.to_string().contains("sesame"), "{failure}");
    }
}
