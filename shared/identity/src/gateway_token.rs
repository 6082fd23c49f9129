//! The gateway token, which the gateway adds to each request to a service. It proves that the gateway sent this request
//! to this service, and names its user. It is signed with a key that only the gateway and that service have, and valid
//! for 30 seconds.
//!
//! ```text
//! x-chipin-pass: 2;42;user;1790000000;5f1c…  version, user or "-", role, expiry in Unix seconds, HMAC-SHA-256
//! ```
//!
//! The signature also covers the service, the method, the path and the query, so a token that was recorded is valid for
//! repeating the same request only.

use crate::principal::{Principal, Role, parse_user_id};
use crate::signing_key::SigningKey;
use http::{HeaderName, HeaderValue, Method, Uri};
use process::clock::unix_seconds;
use std::time::Duration;

/// The header with the gateway token.
pub const GATEWAY_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-chipin-pass");

/// Lifetime of a token: the time from the gateway to a service, plus a difference between their clocks.
pub const LIFETIME: Duration = Duration::from_secs(30);

const PURPOSE: &str = "pass";
const VERSION: &str = "2";
const ANONYMOUS: &str = "-";

/// What a token is valid for.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// The program that has to answer: `orders-service`.
    pub service: &'a str,
    /// The method.
    pub method: &'a Method,
    /// The address as the service receives it; only path and query count.
    pub uri: &'a Uri,
}

/// The token is invalid or expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidToken;

impl SigningKey {
    /// A token for a request that is sent now.
    pub fn gateway_token(&self, operation: Operation<'_>, principal: Option<Principal>) -> HeaderValue {
        self.token_until(unix_seconds() + LIFETIME.as_secs(), operation, principal)
    }

    fn token_until(&self, ends: u64, operation: Operation<'_>, principal: Option<Principal>) -> HeaderValue {
        let user = principal.map_or_else(|| ANONYMOUS.to_owned(), |principal| principal.user.to_string());
        let role = principal.map_or(Role::User, |principal| principal.role).as_str();
        let claims = format!("{VERSION};{user};{role};{ends}");
        let signature = self.signature(PURPOSE, &operation.signed(&claims));
        // Digits, letters, semicolons and hyphens are always a valid header value.
        HeaderValue::from_str(&format!("{claims};{signature}")).unwrap_or(HeaderValue::from_static(ANONYMOUS))
    }
}

impl<'a> Operation<'a> {
    /// The principal of a token for this operation that is signed with one of `keys`.
    ///
    /// # Errors
    /// [`InvalidToken`] when the token is invalid, expired, or for another operation.
    pub(crate) fn principal<'k>(
        self,
        token: &str,
        keys: impl IntoIterator<Item = &'k SigningKey>,
    ) -> Result<Option<Principal>, InvalidToken> {
        let (claims, signature) = token.rsplit_once(';').ok_or(InvalidToken)?;
        if !keys.into_iter().any(|key| key.is_signed(PURPOSE, &self.signed(claims), signature)) {
            return Err(InvalidToken);
        }
        let parts: Vec<&str> = claims.split(';').collect();
        let [VERSION, user, role, ends] = parts[..] else { return Err(InvalidToken) };
        let ends: u64 = ends.parse().map_err(|_| InvalidToken)?;
        let now = unix_seconds();
        // A token that expires much later than one issued now is rejected too.
        if ends < now || ends > now + 2 * LIFETIME.as_secs() {
            return Err(InvalidToken);
        }
        if user == ANONYMOUS {
            return Ok(None);
        }
        let user = parse_user_id(user).ok_or(InvalidToken)?;
        Ok(Some(Principal { user, role: Role::parse(role).ok_or(InvalidToken)? }))
    }

    /// None of the texts can contain a line feed, which separates them when they are signed.
    fn signed(self, claims: &'a str) -> [&'a str; 5] {
        let query = self.uri.query().unwrap_or_default();
        [self.service, self.method.as_str(), self.uri.path(), query, claims]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMIN: Principal = Principal { user: 7, role: Role::Administrator };
    const USER: Principal = Principal { user: 1, role: Role::User };

    fn key(text: &str) -> SigningKey {
        format!("{text:-<32}").parse().unwrap()
    }

    fn read(service: &str, method: &str, uri: &str, token: &str) -> Result<Option<Principal>, InvalidToken> {
        let (method, uri) = (method.parse().unwrap(), uri.parse().unwrap());
        Operation { service, method: &method, uri: &uri }.principal(token, &[key("a"), key("b")])
    }

    fn token_until(ends: u64, key: &SigningKey, principal: Option<Principal>) -> String {
        let uri = "/orders?limit=5".parse().unwrap();
        let operation = Operation { service: "orders-service", method: &Method::GET, uri: &uri };
        key.token_until(ends, operation, principal).to_str().unwrap().to_owned()
    }

    fn token(key: &SigningKey, principal: Option<Principal>) -> String {
        token_until(unix_seconds() + 5, key, principal)
    }

    #[test]
    fn a_token_contains_the_principal() {
        for principal in [None, Some(ADMIN), Some(USER)] {
            let token = token(&key("a"), principal);
            assert_eq!(read("orders-service", "GET", "/orders?limit=5", &token), Ok(principal));
            assert_eq!(read("orders-service", "GET", "http://host:1/orders?limit=5", &token), Ok(principal));
        }
    }

    #[test]
    fn a_token_is_refused_at_another_service_and_for_another_operation() {
        let token = token(&key("a"), Some(USER));
        for (service, method, uri) in [
            ("payments-service", "GET", "/orders?limit=5"),
            ("orders-service", "POST", "/orders?limit=5"),
            ("orders-service", "HEAD", "/orders?limit=5"),
            ("orders-service", "GET", "/orders?limit=50"),
            ("orders-service", "GET", "/orders"),
            ("orders-service", "GET", "/orders/?limit=5"),
            ("orders-service", "GET", "/operations/messaging?limit=5"),
        ] {
            assert_eq!(read(service, method, uri, &token), Err(InvalidToken), "{service} {method} {uri}");
        }
    }

    #[test]
    fn a_token_of_any_accepted_key_is_accepted_and_of_no_other() {
        assert!(read("orders-service", "GET", "/orders?limit=5", &token(&key("b"), None)).is_ok());
        assert!(read("orders-service", "GET", "/orders?limit=5", &token(&key("c"), None)).is_err());
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = token(&key("a"), Some(USER));
        for forged in [
            token.replace("2;1;", "2;2;"),
            token.replace("2;1;", "1;1;"),
            token.replace("user", "admin"),
            format!("{token}00"),
            token[..token.len() - 2].to_owned(),
            "2;1;user;99999999999;".to_owned(),
            String::new(),
        ] {
            assert_eq!(read("orders-service", "GET", "/orders?limit=5", &forged), Err(InvalidToken), "{forged}");
        }
    }

    #[test]
    fn a_token_expires() {
        let at = |ends| read("orders-service", "GET", "/orders?limit=5", &token_until(ends, &key("a"), Some(USER)));
        assert!(at(unix_seconds() + 5).is_ok());
        assert!(at(unix_seconds() - 1).is_err());
        assert!(at(unix_seconds() + 3600).is_err());
    }
}
