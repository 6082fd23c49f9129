//! The authenticated user of a request, and the headers that name it.

use http::HeaderName;

/// The header with the user id, set by the gateway. Incoming values are removed, except in development mode.
pub const USER_HEADER: HeaderName = HeaderName::from_static("x-user-id");

/// The header with the user's role, set by the gateway. Incoming values are removed.
pub const ROLE_HEADER: HeaderName = HeaderName::from_static("x-user-role");
/// The header with the session of the user, which a service reads after it has verified the gateway token.
pub const SESSION_HEADER: HeaderName = HeaderName::from_static("x-session-id");

/// The role of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// No additional rights.
    User,
    /// May manage users and use the operations pages.
    Administrator,
}

/// The authenticated user of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The user id.
    pub user: i64,
    /// The role.
    pub role: Role,
}

impl Role {
    /// The role as written in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "admin",
        }
    }

    /// Parses a role.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Administrator].into_iter().find(|role| role.as_str() == text)
    }
}

/// Parses a user id: decimal digits only, at least 1, without sign, spaces or leading zeros.
pub fn parse_user_id(text: &str) -> Option<i64> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|id| *id > 0) } else { None }
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
}
