//! Development mode: a request with `X-User-ID: 1` is a request of user 1. Safe only if no other machine can connect.

use super::credentials::{Credentials, Identified};
use super::host::is_rebindable;
use super::mode_error::AuthModeError;
use super::query::name_of;
use crate::config::Config;
use crate::origins::Origins;
use http::{StatusCode, header};
use http_api::problem::Problem;
use identity::{Caller, USER_HEADER, caller, unauthenticated};
use identity::{Principal, Role};
use tracing::warn;

/// The query parameter that names the user of a WebSocket opened by a browser.
const PARAMETER: &str = "user_id";

/// Takes the user from the request, without proof.
pub(crate) struct HeaderMode {
    origins: Origins,
}

impl HeaderMode {
    /// Checks that only this machine can connect, and logs a warning about the mode.
    ///
    /// # Errors
    /// When a listener is not on loopback.
    pub(crate) fn start(config: &Config) -> Result<Self, AuthModeError> {
        let mut addresses = config.addresses().into_iter();
        if let Some((variable, address)) = addresses.find(|(_, address)| !address.ip().is_loopback()) {
            return Err(AuthModeError::InsecureHeaderMode { variable, address });
        }
        warn!("AUTH_MODE=header: DEVELOPMENT ONLY. A request with `X-User-ID: 1` acts as user 1, without a password");
        Ok(Self { origins: config.allowed_origins.clone() })
    }

    /// Whether the request names a user, valid or not.
    pub(crate) fn has_credentials(credentials: &Credentials<'_>) -> bool {
        credentials.headers.contains_key(USER_HEADER)
            || credentials.socket_query.is_some_and(|query| query.split('&').any(names_user))
    }

    /// The user named by the request's header or, for WebSockets, by its query; if both are present they must agree.
    /// Every user is an administrator in this mode.
    ///
    /// # Errors
    /// 401 when the user is missing, malformed or ambiguous; 421 when the `Host` is a public name that is not allowed
    /// (DNS rebinding).
    pub(crate) fn identify(&self, credentials: &Credentials<'_>) -> Result<Identified, Problem> {
        let Caller(user) = self.caller(credentials)?;
        Ok(Identified { principal: Principal { user: user.get(), role: Role::Administrator }, session: None })
    }

    fn caller(&self, credentials: &Credentials<'_>) -> Result<Caller, Problem> {
        let host = credentials.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if host.is_none_or(|host| is_rebindable(host, &self.origins)) {
            return Err(misdirected());
        }
        let from_query = match credentials.socket_query {
            Some(query) => user_in_query(query)?,
            None => None,
        };
        match from_query {
            Some(user) if credentials.headers.contains_key(USER_HEADER) => {
                let same = caller(credentials.headers)? == user;
                same.then_some(user).ok_or_else(|| unauthenticated("X-User-ID and user_id name different users"))
            }
            Some(user) => Ok(user),
            None => caller(credentials.headers),
        }
    }
}

fn user_in_query(query: &str) -> Result<Option<Caller>, Problem> {
    let mut named = query.split('&').filter(|pair| names_user(pair));
    match (named.next(), named.next()) {
        (None, _) => Ok(None),
        (Some(pair), None) => pair
            .split_once('=')
            .and_then(|(_, value)| Caller::parse(value))
            .map(Some)
            .ok_or_else(|| unauthenticated("user_id must be a positive number")),
        (Some(_), Some(_)) => Err(unauthenticated("user_id is given twice")),
    }
}

fn names_user(pair: &str) -> bool {
    name_of(pair) == PARAMETER
}

fn misdirected() -> Problem {
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "misdirected",
        "in development mode, call the gateway by its address or a name in ALLOWED_ORIGINS",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn identify(headers: &[(&'static str, &str)], query: Option<&str>) -> Result<i64, StatusCode> {
        let mode = HeaderMode { origins: "http://chipin.example".parse().unwrap() };
        let mut map = HeaderMap::new();
        map.append("host", "localhost:8000".parse().unwrap());
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        mode.identify(&Credentials { headers: &map, socket_query: query, ticket_principal: None })
            .map(|identified| identified.principal.user)
            .map_err(|problem| problem.status())
    }

    #[test]
    fn the_user_is_the_header_or_the_query_of_a_socket() {
        assert_eq!(identify(&[("x-user-id", "7")], None), Ok(7));
        assert_eq!(identify(&[], Some("user_id=7")), Ok(7));
        assert_eq!(identify(&[("x-user-id", "7")], Some("a=b")), Ok(7));
        assert_eq!(identify(&[("x-user-id", "7")], Some("user_id=7")), Ok(7));
    }

    #[test]
    fn an_ambiguous_user_is_rejected() {
        let refused = Err(StatusCode::UNAUTHORIZED);
        assert_eq!(identify(&[], None), refused);
        assert_eq!(identify(&[], Some("")), refused);
        assert_eq!(identify(&[("x-user-id", "abc")], None), refused);
        assert_eq!(identify(&[("x-user-id", "1"), ("x-user-id", "1")], None), refused);
        for query in ["user_id=0", "user_id=", "user_id", "user_id=1&user_id=1", "user_id=8"] {
            assert_eq!(identify(&[("x-user-id", "7")], Some(query)), refused, "{query}");
        }
    }
}
