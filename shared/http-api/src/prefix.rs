//! The path prefix that the gateway removed.

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;

/// The header with the path prefix that the gateway removed.
pub const PREFIX_HEADER: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The path prefix that the gateway removed, or `""`.
///
/// A prefix with other than plain path characters is ignored, because it is written into links and documents.
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
