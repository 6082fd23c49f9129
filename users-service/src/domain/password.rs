//! Passwords as users type them.

use std::fmt;

/// Length of a password, in characters. Source: NIST SP 800-63B, section 3.1.1, which also advises against rules about
/// character classes.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=200;

/// A password; it is never printed.
#[derive(Clone)]
pub struct Password(String);

/// The text is not a valid password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 8 to 200 characters")]
pub struct InvalidPassword;

impl Password {
    /// Checks the length of a password.
    ///
    /// # Errors
    /// [`InvalidPassword`] when it is too short or too long.
    pub fn parse(text: String) -> Result<Self, InvalidPassword> {
        if LENGTH.contains(&text.chars().count()) { Ok(Self(text)) } else { Err(InvalidPassword) }
    }

    /// The bytes that are hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_a_length_limit_and_is_never_printed() {
        let password = Password::parse("длинный пароль".to_owned()).unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        assert_eq!(Password::parse("1234567".to_owned()).unwrap_err(), InvalidPassword);
        assert_eq!(Password::parse("x".repeat(201)).unwrap_err(), InvalidPassword);
    }
}
