//! The identity of the caller, as set by the gateway.

use crate::app::no_such_page;
use crate::gateway_auth::Role;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};

/// The header with the user id, set by the gateway. Incoming values are removed, except in development mode.
pub const USER_HEADER: HeaderName = HeaderName::from_static("x-user-id");

/// The header with the user's role, set by the gateway. Incoming values are removed.
pub const ROLE_HEADER: HeaderName = HeaderName::from_static("x-user-role");

/// The header with the path prefix that the gateway removed.
pub const PREFIX_HEADER: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The id of the user who makes the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub i64);

/// Parses a user id: decimal digits only, at least 1, without sign, spaces or leading zeros.
pub fn parse_user_id(text: &str) -> Option<i64> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|id| *id > 0) } else { None }
}

/// The caller, from the headers.
///
/// # Errors
/// 401 if the header is missing, repeated or not a user id.
pub fn caller(headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut values = headers.get_all(USER_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthenticated("send exactly one X-User-ID header with a positive number"));
    };
    value
        .to_str()
        .ok()
        .and_then(parse_user_id)
        .map(Caller)
        .ok_or_else(|| unauthenticated("X-User-ID must be a positive number"))
}

/// 401 with a detail text.
pub fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        caller(&parts.headers)
    }
}

/// An extractor that accepts administrators only; for others the page does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Administrator;

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let mut roles = parts.headers.get_all(ROLE_HEADER).iter();
        match (roles.next(), roles.next()) {
            (Some(role), None) if role == Role::Administrator.as_str() => Ok(Self),
            _ => Err(no_such_page()),
        }
    }
}

/// The path prefix that the gateway removed, or `""`.
///
/// A prefix with other than plain path characters is ignored, because it is written into links and documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(pub String);

impl<S: Sync> FromRequestParts<S> for Prefix {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let prefix = parts.headers.get(PREFIX_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let plain = prefix.starts_with('/')
            && !prefix.starts_with("//")
            && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_'));
        Ok(Self(if plain { prefix.to_owned() } else { String::new() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_is_a_plain_positive_number() {
        assert_eq!(parse_user_id("1"), Some(1));
        assert_eq!(parse_user_id("9223372036854775807"), Some(i64::MAX));
        for text in ["", "0", "-1", "+1", "01", " 1", "1 ", "abc", "1.0", "9223372036854775808", "١"] {
            assert_eq!(parse_user_id(text), None, "{text}");
        }
    }

    #[test]
    fn two_user_headers_are_rejected() {
        let mut headers = HeaderMap::new();
        headers.append(USER_HEADER, "1".parse().unwrap());
        assert_eq!(caller(&headers).unwrap(), Caller(1));
        headers.append(USER_HEADER, "2".parse().unwrap());
        assert_eq!(caller(&headers).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }
}
