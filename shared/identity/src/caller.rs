//! The identity of the caller, as set by the gateway.

use crate::principal::{ROLE_HEADER, Role, USER_HEADER, parse_user_id};
use axum::extract::FromRequestParts;
use contracts::ids::UserId;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_api::problem::{Problem, no_such_page};

/// The id of the user who makes the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller(pub UserId);

impl Caller {
    /// Parses a user id, as [`parse_user_id`] does.
    pub fn parse(text: &str) -> Option<Self> {
        parse_user_id(text).and_then(|id| UserId::try_from(id).ok()).map(Self)
    }
}

/// The caller, from the headers.
///
/// # Errors
/// 401 if the header is missing, repeated or not a user id.
pub fn caller(headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut values = headers.get_all(USER_HEADER).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthenticated(
            "sign in; in development mode, send exactly one X-User-ID header with a positive number",
        ));
    };
    value.to_str().ok().and_then(Caller::parse).ok_or_else(|| unauthenticated("X-User-ID must be a positive number"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_user_headers_are_rejected() {
        let mut headers = HeaderMap::new();
        headers.append(USER_HEADER, "1".parse().unwrap());
        assert_eq!(caller(&headers).unwrap(), Caller(UserId::try_from(1).unwrap()));
        headers.append(USER_HEADER, "2".parse().unwrap());
        assert_eq!(caller(&headers).unwrap_err().status(), StatusCode::UNAUTHORIZED);
    }
}
