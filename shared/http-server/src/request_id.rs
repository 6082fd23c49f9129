//! The id of a request, by which a client and the logs name it.

use http::{HeaderName, HeaderValue};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Identifies a request in logs and in the response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A new id.
pub fn new_request_id() -> HeaderValue {
    let mut id = [0; Hyphenated::LENGTH];
    let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
    // Hyphens and hexadecimal digits are always a valid header value.
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("none"))
}
