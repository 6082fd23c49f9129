//! A failed command, with the chain of causes.

use std::error::Error;
use std::fmt;

/// Why a command failed; the text is for the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure described by `text`.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A failure of the operation `doing`, with the chain of `cause`.
    pub(crate) fn because(doing: impl fmt::Display, cause: &dyn Error) -> Self {
        let mut text = format!("{doing}: {cause}");
        let mut next = cause.source();
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        Self(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<servers::StartError> for Failure {
    fn from(error: servers::StartError) -> Self {
        error.source().map_or_else(|| Self(error.to_string()), |cause| Self(format!("{error}: {cause}")))
    }
}

/// Adds the failed operation to an error.
pub(crate) trait Doing<T> {
    /// Converts an error to a [`Failure`] of the operation `doing`.
    fn doing(self, doing: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Error + 'static> Doing<T> for Result<T, E> {
    fn doing(self, doing: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::because(doing, &error))
    }
}
