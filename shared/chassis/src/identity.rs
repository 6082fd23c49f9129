//! Who is calling, as the gateway says.

use crate::face::no_such_page;
use crate::passage::Role;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};

/// The header in which the gateway names the user. From outside it is dropped, except in development mode.
pub const USER_HEADER: HeaderName = HeaderName::from_static("x-user-id");

/// The header in which a service keeps the role of the user, as the gateway said. From outside it is dropped.
pub const ROLE_HEADER: HeaderName = HeaderName::from_static("x-user-role");

/// The header in which the gateway names the path prefix it stripped.
pub const PREFIX_HEADER: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The user on whose behalf the request is made: a positive number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub i64);

/// Reads a user id: decimal digits only, at least 1, without sign, blanks or leading zeros.
pub fn parse_user_id(text: &str) -> Option<i64> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|id| *id > 0) } else { None }
}

/// Who is calling.
///
/// # Errors
/// 401 without the header, with two of them, or with something that is no user id.
pub fn caller(headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut values = headers.get_all(USER_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthenticated("say who you are: one header X-User-ID with a positive number"));
    };
    value
        .to_str()
        .ok()
        .and_then(parse_user_id)
        .map(Caller)
        .ok_or_else(|| unauthenticated("X-User-ID must be a positive number"))
}

/// 401 with words for a person.
pub fn unauthenticated(detail: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        caller(&parts.headers)
    }
}

/// The caller is an administrator; for everybody else the page is not there.
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

/// The path prefix that the gateway stripped, `""` when there was none.
///
/// Only plain path characters pass, since the prefix is written into links and documents.
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
    fn two_users_at_once_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(USER_HEADER, "1".parse().unwrap());
        assert_eq!(caller(&headers).unwrap(), Caller(1));
        headers.append(USER_HEADER, "2".parse().unwrap());
        assert_eq!(caller(&headers).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }
}
