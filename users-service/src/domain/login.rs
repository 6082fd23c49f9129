//! Logins: ASCII only, so that two logins can't look the same.

use std::fmt;
use std::str::FromStr;

/// Length of a login, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=40;

/// A login: 3 to 40 of a to z, 0 to 9, dot, underscore and hyphen, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

/// The text is not a valid login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 3 to 40 characters of a-z, 0-9, . _ - and begin with a letter")]
pub struct InvalidLogin;

impl Login {
    /// Parses a login and converts it to lower case.
    ///
    /// # Errors
    /// [`InvalidLogin`] describes the format.
    pub fn parse(text: &str) -> Result<Self, InvalidLogin> {
        let login = text.trim().to_ascii_lowercase();
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let begins_with_letter = login.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let is_login = begins_with_letter && LENGTH.contains(&login.len()) && login.bytes().all(is_allowed);
        if is_login { Ok(Self(login)) } else { Err(InvalidLogin) }
    }

    /// The login as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = InvalidLogin;

    fn from_str(text: &str) -> Result<Self, InvalidLogin> {
        Self::parse(text)
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_plain_and_in_lower_case() {
        assert_eq!(Login::parse(" Anna.K-1 ").unwrap().as_str(), "anna.k-1");
        for text in ["", "ab", "1ab", ".ab", "анна", "a b c", "a@b", &"a".repeat(41)] {
            assert_eq!(Login::parse(text), Err(InvalidLogin), "{text}");
        }
    }
}
