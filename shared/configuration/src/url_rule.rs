//! What is checked of every URL.

use std::collections::BTreeSet;
use url::Url;

/// What a URL has to be.
#[derive(Clone, Copy, Debug)]
pub struct UrlRule {
    /// The accepted schemes.
    pub schemes: &'static [&'static str],
    /// A URL that is right.
    pub example: &'static str,
}

/// The text is not such a URL. It does not contain the text, which may contain a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a URL like {example}: {reason}")]
pub struct WrongUrl {
    example: &'static str,
    reason: String,
}

impl UrlRule {
    /// Parses a URL with one of the schemes, and a port to which one can connect.
    ///
    /// # Errors
    /// [`WrongUrl`].
    pub fn parse(&self, text: &str) -> Result<Url, WrongUrl> {
        // `Url::parse` would remove it.
        if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            return Err(self.wrong("it contains white space"));
        }
        if !self.schemes.iter().any(|scheme| has_scheme(text, scheme)) {
            return Err(self.wrong(format!("it does not begin with {}", self.beginnings())));
        }
        let url = Url::parse(text).map_err(|failure| self.wrong(failure.to_string()))?;
        if url.port() == Some(0) {
            return Err(self.wrong("nothing listens on port 0"));
        }
        Ok(url)
    }

    /// As [`UrlRule::parse`], and the URL has a host, and no user, password, query and fragment.
    ///
    /// # Errors
    /// [`WrongUrl`].
    pub(crate) fn parse_plain(&self, text: &str) -> Result<Url, WrongUrl> {
        let url = self.parse(text)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(self.wrong("it has no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.wrong("a user and a password are not supported"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(self.wrong("a query and a fragment are not supported"));
        }
        Ok(url)
    }

    /// The error with a reason, which must not contain anything of the URL.
    pub fn wrong(&self, reason: impl Into<String>) -> WrongUrl {
        WrongUrl { example: self.example, reason: reason.into() }
    }

    fn beginnings(&self) -> String {
        let beginnings: BTreeSet<String> = self.schemes.iter().map(|scheme| format!("{scheme}://")).collect();
        beginnings.into_iter().collect::<Vec<_>>().join(" or ")
    }
}

fn has_scheme(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        && text[scheme.len()..].starts_with("://")
}
