//! Opaque cursors and the `Link` header of paginated lists.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, Uri};

/// Most rows per page.
pub const LIMIT_MAX: u32 = 100;
/// Rows per page by default.
pub const LIMIT_DEFAULT: u32 = 20;

/// Parses the parameter `limit`.
///
/// # Errors
/// 422 outside of 1 to [`LIMIT_MAX`].
pub fn limit(parameter: Option<&str>) -> Result<u32, Problem> {
    let Some(text) = parameter else {
        return Ok(LIMIT_DEFAULT);
    };
    match text.parse() {
        Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
        _ => Err(Problem::invalid_parameter("limit", "must be a number from 1 to 100")),
    }
}

/// Encodes a position in a list as an opaque cursor.
pub fn encode(position: &[u8; 16]) -> String {
    URL_SAFE_NO_PAD.encode(position)
}

/// Decodes a cursor of [`encode`].
///
/// # Errors
/// 422 when it is malformed.
pub fn decode(cursor: Option<&str>) -> Result<Option<[u8; 16]>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .map(Some)
        .ok_or_else(|| Problem::invalid_parameter("cursor", "is not a cursor of this list"))
}

/// The `Link` header to the next page: the request's own path and query, with another cursor.
///
/// `prefix` is the path prefix that the gateway removed.
///
/// Source: RFC 8288, relation `next`.
pub fn next_link(prefix: &str, uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let other_parameters =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<&str> = other_parameters.collect();
    let separator = if query.is_empty() { "" } else { "&" };
    let link = format!("<{prefix}{}?{}{separator}cursor={cursor}>; rel=\"next\"", uri.path(), query.join("&"));
    HeaderValue::try_from(link).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoded_cursor_equals_the_encoded_position() {
        assert_eq!(decode(Some(&encode(&[7; 16]))).unwrap(), Some([7; 16]));
        assert_eq!(decode(None).unwrap(), None);
        assert!(decode(Some("nonsense!")).is_err());
        assert!(decode(Some("c2hvcnQ")).is_err());
    }

    #[test]
    fn the_next_link_keeps_the_other_parameters() {
        let uri = Uri::from_static("/orders?status=PAID&cursor=old&limit=2");
        assert_eq!(
            next_link("/orders", &uri, "new").unwrap(),
            "</orders/orders?status=PAID&limit=2&cursor=new>; rel=\"next\""
        );
        assert_eq!(next_link("", &Uri::from_static("/orders"), "new").unwrap(), "</orders?cursor=new>; rel=\"next\"");
    }

    #[test]
    fn a_page_has_1_to_100_rows() {
        assert_eq!(limit(None).unwrap(), 20);
        assert_eq!(limit(Some("100")).unwrap(), 100);
        for text in ["0", "101", "-1", "x", ""] {
            assert!(limit(Some(text)).is_err(), "{text}");
        }
    }
}
