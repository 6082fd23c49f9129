//! A password that is never printed.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A password; its debug output does not contain it.
#[derive(Clone)]
pub struct Password(String);

impl FromStr for Password {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl Password {
    /// The password.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
