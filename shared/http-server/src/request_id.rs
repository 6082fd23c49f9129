//! The id of a request, by which a client and the logs name it.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Identifies a request in logs and in the response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is recorded, in bytes: those of the gateway have 36.
const RECORDED_BYTES_MAX: usize = 64;

/// The id of a request, if it looks like one: a client that calls a service directly can send any text.
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(REQUEST_ID)?.to_str().ok().filter(|id| is_plain(id))
}

/// Whether a text may be recorded as the id of a request.
pub fn is_plain(id: &str) -> bool {
    id.len() <= RECORDED_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A new id.
pub fn new_request_id() -> HeaderValue {
    let mut id = [0; Hyphenated::LENGTH];
    let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
    // Hyphens and hexadecimal digits are always a valid header value.
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_request_id_is_recorded() {
        let id = |text: &'static str| {
            let headers = [(REQUEST_ID, HeaderValue::from_static(text))].into_iter().collect();
            request_id(&headers).map(str::to_owned)
        };
        assert_eq!(id("0190-ab").as_deref(), Some("0190-ab"));
        assert_eq!(id("a b"), None);
        assert!(!is_plain(&"a".repeat(RECORDED_BYTES_MAX + 1)) && !is_plain("a\n"));
        assert_eq!(request_id(&HeaderMap::from_iter([(REQUEST_ID, new_request_id())])).map(str::len), Some(36));
    }
}
