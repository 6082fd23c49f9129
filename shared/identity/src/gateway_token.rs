//! The gateway token, which the gateway adds to each request to a service. It proves that the gateway sent this request
//! to this service, and names its user and the address of its client. It is signed with a key that only the gateway and
//! that service have, and valid for 30 seconds.
//!
//! ```text
//! x-chipin-pass: 3;42;user;1790000000;203.0.113.7;018f…;5f1c…
//! ```
//!
//! These are: version, user or "-", role, expiry in Unix seconds, address of the client or "-", session or "-", and
//! HMAC-SHA-256. Tokens of version 2, from gateways of the previous release, have neither address nor session.
//!
//! The signature also covers the service, the method, the path and the query, so a token that was recorded is valid for
//! repeating the same request only.

use crate::principal::{Principal, Role, parse_user_id};
use crate::signing_key::SigningKey;
use http::{HeaderName, HeaderValue, Method, Uri};
use process::clock::unix_seconds;
use std::net::IpAddr;
use std::time::Duration;
use uuid::Uuid;

/// The header with the gateway token.
pub const GATEWAY_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-chipin-pass");

/// Lifetime of a token: the time from the gateway to a service, plus a difference between their clocks.
pub const LIFETIME: Duration = Duration::from_secs(30);

const PURPOSE: &str = "pass";
const VERSION: &str = "3";
const VERSION_WITHOUT_CLIENT: &str = "2";
const NONE: &str = "-";

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

/// On whose behalf, and from where, a request is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The authenticated user; `None` if the request is anonymous.
    pub principal: Option<Principal>,
    /// The address of the client; `None` for the gateway's own requests.
    pub client: Option<IpAddr>,
    /// The session of the user; `None` for guests, in development, and for the gateway's own requests.
    pub session: Option<Uuid>,
}

/// The token is invalid or expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidToken;

impl SigningKey {
    /// A token for a request that is sent now.
    pub fn gateway_token(&self, operation: Operation<'_>, origin: Origin) -> HeaderValue {
        self.token_until(unix_seconds() + LIFETIME.as_secs(), operation, origin)
    }

    fn token_until(&self, ends: u64, operation: Operation<'_>, origin: Origin) -> HeaderValue {
        let Origin { principal, client, session } = origin;
        let user = principal.map_or_else(|| NONE.to_owned(), |principal| principal.user.to_string());
        let role = principal.map_or(Role::User, |principal| principal.role).as_str();
        let client = client.map_or_else(|| NONE.to_owned(), |client| client.to_string());
        let session = session.map_or_else(|| NONE.to_owned(), |session| session.to_string());
        self.token(operation, &format!("{VERSION};{user};{role};{ends};{client};{session}"))
    }

    fn token(&self, operation: Operation<'_>, claims: &str) -> HeaderValue {
        let signature = self.signature(PURPOSE, &operation.signed(claims));
        // Digits, letters, semicolons, colons, dots and hyphens are always a valid header value.
        HeaderValue::from_str(&format!("{claims};{signature}")).unwrap_or(HeaderValue::from_static(NONE))
    }
}

impl<'a> Operation<'a> {
    /// What a token for this operation, signed with one of `keys`, says about the request.
    ///
    /// # Errors
    /// [`InvalidToken`] when the token is invalid, expired, or for another operation.
    pub(crate) fn origin<'k>(
        self,
        token: &str,
        keys: impl IntoIterator<Item = &'k SigningKey>,
    ) -> Result<Origin, InvalidToken> {
        let (claims, signature) = token.rsplit_once(';').ok_or(InvalidToken)?;
        if !keys.into_iter().any(|key| key.is_signed(PURPOSE, &self.signed(claims), signature)) {
            return Err(InvalidToken);
        }
        let parts: Vec<&str> = claims.split(';').collect();
        let (user, role, ends, client, session) = match parts[..] {
            [VERSION, user, role, ends, client, session] => (user, role, ends, client, session),
            [VERSION_WITHOUT_CLIENT, user, role, ends] => (user, role, ends, NONE, NONE),
            _ => return Err(InvalidToken),
        };
        let ends: u64 = ends.parse().map_err(|_| InvalidToken)?;
        let now = unix_seconds();
        // A token that expires much later than one issued now is rejected too.
        if ends < now || ends > now + 2 * LIFETIME.as_secs() {
            return Err(InvalidToken);
        }
        let client = match client {
            NONE => None,
            client => Some(client.parse().map_err(|_| InvalidToken)?),
        };
        let principal = match user {
            NONE => None,
            user => {
                let user = parse_user_id(user).ok_or(InvalidToken)?;
                Some(Principal { user, role: Role::parse(role).ok_or(InvalidToken)? })
            }
        };
        let session = match session {
            NONE => None,
            session => Some(session.parse().map_err(|_| InvalidToken)?),
        };
        Ok(Origin { principal, client, session })
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

    fn read(service: &str, method: &str, uri: &str, token: &str) -> Result<Origin, InvalidToken> {
        let (method, uri) = (method.parse().unwrap(), uri.parse().unwrap());
        Operation { service, method: &method, uri: &uri }.origin(token, &[key("a"), key("b")])
    }

    fn of(principal: Option<Principal>) -> Origin {
        Origin { principal, client: Some([203, 0, 113, 7].into()), session: Some(Uuid::from_u128(7)) }
    }

    fn token_until(ends: u64, key: &SigningKey, principal: Option<Principal>) -> String {
        let uri = "/orders?limit=5".parse().unwrap();
        let operation = Operation { service: "orders-service", method: &Method::GET, uri: &uri };
        key.token_until(ends, operation, of(principal)).to_str().unwrap().to_owned()
    }

    fn token(key: &SigningKey, principal: Option<Principal>) -> String {
        token_until(unix_seconds() + 5, key, principal)
    }

    #[test]
    fn a_token_contains_the_principal_and_the_address_of_the_client() {
        for principal in [None, Some(ADMIN), Some(USER)] {
            let token = token(&key("a"), principal);
            assert_eq!(read("orders-service", "GET", "/orders?limit=5", &token), Ok(of(principal)));
            assert_eq!(read("orders-service", "GET", "http://host:1/orders?limit=5", &token), Ok(of(principal)));
        }
        let uri = "/orders".parse().unwrap();
        let operation = Operation { service: "orders-service", method: &Method::GET, uri: &uri };
        for client in [None, Some("2001:db8::1".parse().unwrap())] {
            let origin = Origin { principal: None, client, session: None };
            let token = key("a").gateway_token(operation, origin);
            assert_eq!(read("orders-service", "GET", "/orders", token.to_str().unwrap()), Ok(origin));
        }
    }

    #[test]
    fn a_token_of_a_gateway_of_the_previous_release_has_no_address() {
        let uri = "/orders".parse().unwrap();
        let operation = Operation { service: "orders-service", method: &Method::GET, uri: &uri };
        let token = key("a").token(operation, &format!("2;7;admin;{}", unix_seconds() + 5));
        let origin = Origin { principal: Some(ADMIN), client: None, session: None };
        assert_eq!(read("orders-service", "GET", "/orders", token.to_str().unwrap()), Ok(origin));
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
            token.replace("3;1;", "3;2;"),
            token.replace("3;1;", "2;1;"),
            token.replace("203.0.113.7", "203.0.113.8"),
            token.replace("203.0.113.7;", ""),
            token.replace("user", "admin"),
            format!("{token}00"),
            token[..token.len() - 2].to_owned(),
            "3;1;user;99999999999;-;".to_owned(),
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
