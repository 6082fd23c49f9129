//! Paths that a service could resolve differently from the gateway.

use std::borrow::Cow;

/// Why a path is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    NotAbsolute,
    DotSegment,
    EmptySegment,
    HiddenCharacter,
    MalformedEscape,
}

impl PathError {
    /// The detail text of the problem document.
    pub(crate) fn detail(&self) -> &'static str {
        match self {
            Self::NotAbsolute => "the path must start with a slash",
            Self::DotSegment => "the path must not contain the segments . or ..",
            Self::EmptySegment => "the path must not contain consecutive slashes",
            Self::HiddenCharacter => "the path must not contain encoded slashes, backslashes or control characters",
            Self::MalformedEscape => "a percent sign in the path must start an escape",
        }
    }
}

/// Checks that every server splits `path` into the same segments.
///
/// Percent escapes are not changed: the path is forwarded exactly as it was checked.
pub(crate) fn check(path: &str) -> Result<(), PathError> {
    let Some(relative) = path.strip_prefix('/') else {
        return Err(PathError::NotAbsolute);
    };
    if path.contains("//") {
        return Err(PathError::EmptySegment);
    }
    for segment in relative.split('/') {
        let decoded = decode(segment).ok_or(PathError::MalformedEscape)?;
        let is_hidden = |b: &u8| matches!(b, b'/' | b'\\' | 0..=0x1f | 0x7f);
        if decoded.iter().any(is_hidden) {
            return Err(PathError::HiddenCharacter);
        }
        // Some servers remove path parameters first: `..;x`.
        let name = decoded.split(|b| *b == b';').next().unwrap_or_default();
        if matches!(name, b"." | b"..") {
            return Err(PathError::DotSegment);
        }
    }
    Ok(())
}

/// Decodes a percent-encoded text; `None` if an escape is malformed.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.contains('%') {
        return Some(text.as_bytes().into());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_accepted() {
        for path in ["/", "/orders/", "/orders/orders/0198", "/a.b/..c/...", "/%D1%8F/a%20b", "/a;b=1"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn ambiguous_paths_are_rejected() {
        use PathError::{DotSegment, EmptySegment, HiddenCharacter, MalformedEscape, NotAbsolute};
        for (path, error) in [
            ("", NotAbsolute),
            ("*", NotAbsolute),
            ("//orders", EmptySegment),
            ("/orders//metrics", EmptySegment),
            ("/orders/..", DotSegment),
            ("/orders/../payments", DotSegment),
            ("/orders/./x", DotSegment),
            ("/orders/%2e%2E/x", DotSegment),
            ("/orders/.%2e/x", DotSegment),
            ("/orders/..;x/y", DotSegment),
            ("/a%2fb", HiddenCharacter),
            ("/a%5Cb", HiddenCharacter),
            ("/a\\b", HiddenCharacter),
            ("/a%00", HiddenCharacter),
            ("/a%0d%0ax", HiddenCharacter),
            ("/a%", MalformedEscape),
            ("/a%2", MalformedEscape),
            ("/a%zz", MalformedEscape),
            ("/a%+1", MalformedEscape),
        ] {
            assert_eq!(check(path), Err(error), "{path}");
        }
    }
}
