//! What a command failed at, with the chain of causes.

use std::error::Error;
use std::fmt;

/// A command that could not do what it was asked; its text is for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure described by `text`.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A failure at `doing`, because of `cause` and its causes.
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

/// Names what was being done when something failed.
pub(crate) trait Doing<T> {
    /// Turns an error into a [`Failure`] at `doing`.
    fn doing(self, doing: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Error + 'static> Doing<T> for Result<T, E> {
    fn doing(self, doing: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure::because(doing, &error))
    }
}
