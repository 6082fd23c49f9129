//! The identity of a request: the key, the user, the route, and a hash of the body.

use http::HeaderMap;
use http_api::problem::Problem;
use sha2::{Digest, Sha256};
use std::fmt;

/// Longest key, in characters.
pub const KEY_CHARACTERS_MAX: usize = 255;

/// A request that may be repeated.
#[derive(Debug)]
pub struct Scope {
    pub(super) user_id: i64,
    pub(super) route: &'static str,
    pub(super) key: String,
    pub(super) request_hash: Vec<u8>,
}

impl Scope {
    /// Reads the header `Idempotency-Key`; quotes around the key are optional.
    ///
    /// # Errors
    /// 422 when the key is empty, longer than [`KEY_CHARACTERS_MAX`], repeated, or not valid UTF-8.
    pub fn of(headers: &HeaderMap, user_id: i64, route: &'static str, body: &[u8]) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let refused = || Problem::invalid_parameter("Idempotency-Key", "must be a single value of 1 to 255 characters");
        if values.next().is_some() {
            return Err(refused());
        }
        let text = std::str::from_utf8(value.as_bytes()).map_err(|_| refused())?.trim();
        let key = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        if key.is_empty() || key.chars().count() > KEY_CHARACTERS_MAX {
            return Err(refused());
        }
        let request_hash = Sha256::digest(body).to_vec();
        Ok(Some(Self { user_id, route, key: key.to_owned(), request_hash }))
    }

    /// The same request of a client that has no user id: its key is replaced by a hash of the key and of what
    /// identifies the client. So two clients with the same key do not meet, and the table does not contain the key.
    #[must_use]
    pub fn of_anonymous(mut self, client: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(client).chain_update([0]).chain_update(&self.key).finalize();
        self.key = format!("{digest:x}");
        self
    }

    /// The key, without quotes.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The id of the advisory lock for this key: 64 bits of a digest.
    pub(super) fn lock_id(&self) -> i64 {
        let name = format!("idempotency\0{}\0{}\0{}", self.user_id, self.route, self.key);
        let digest = Sha256::digest(name.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(first)
    }
}

/// Some keys in an error. Without their texts: a guest gets their secret with one.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) first: &'a Scope,
    pub(super) count: usize,
}

impl fmt::Display for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { first: Scope { user_id, route, .. }, count: 1 } => {
                write!(f, "the idempotency key of user {user_id} for `{route}`")
            }
            Self { count, .. } => write!(f, "{count} idempotency keys"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn scope(key: &str) -> Result<Option<Scope>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_bytes(key.as_bytes()).unwrap());
        Scope::of(&headers, 1, "POST /orders", b"{}")
    }

    #[test]
    fn quotes_around_the_key_are_optional() {
        assert_eq!(scope("\"abc\"").unwrap().unwrap().key, "abc");
        assert_eq!(scope("abc").unwrap().unwrap().key, "abc");
        assert!(Scope::of(&HeaderMap::new(), 1, "POST /orders", b"{}").unwrap().is_none());
    }

    #[test]
    fn the_key_of_an_anonymous_client_is_hashed_with_what_identifies_the_client() {
        let key = |client| scope("abc").unwrap().unwrap().of_anonymous(client).key;
        assert_eq!(key(b"one"), key(b"one"));
        assert_ne!(key(b"one"), key(b"two"));
        assert!(!key(b"one").contains("abc") && key(b"one").len() <= KEY_CHARACTERS_MAX);
    }

    #[test]
    fn an_error_names_the_user_and_the_route_of_a_key_and_not_its_text() {
        let first = &scope("abc").unwrap().unwrap();
        let text = Keys { first, count: 1 }.to_string();
        assert_eq!(text, "the idempotency key of user 1 for `POST /orders`");
        assert_eq!(Keys { first, count: 3 }.to_string(), "3 idempotency keys");
    }

    #[test]
    fn an_empty_or_too_long_key_is_rejected() {
        assert!(scope("\"\"").is_err());
        assert!(scope(&"x".repeat(256)).is_err());
        assert!(scope(&"x".repeat(255)).is_ok());
    }
}
