//! Pagination of the list of letters. A cursor contains a time, an id and a direction.

use crate::parameters::invalid_parameter;
use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Uri};
use rabbit_outbox::dead_letters::{Direction, Position};
use time::OffsetDateTime;
use uuid::Uuid;

/// Most letters per page.
const LIMIT_MAX: u16 = 100;
/// Letters per page by default.
const LIMIT_DEFAULT: u16 = 20;

/// Parses the parameter `limit`.
///
/// # Errors
/// 422 outside of 1 to [`LIMIT_MAX`].
pub(crate) fn limit(parameter: Option<&str>) -> Result<u16, Problem> {
    let Some(text) = parameter else { return Ok(LIMIT_DEFAULT) };
    match text.parse() {
        Ok(limit @ 1..=LIMIT_MAX) => Ok(limit),
        _ => Err(invalid_parameter("limit", "must be a number from 1 to 100")),
    }
}

/// The path prefix that a gateway removed. Only plain characters are accepted, because it is written into a link.
pub(crate) fn prefix(headers: &HeaderMap) -> &str {
    let prefix = headers.get("x-forwarded-prefix").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let plain = prefix.starts_with('/')
        && !prefix.starts_with("//")
        && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_'));
    if plain { prefix } else { "" }
}

/// The `Link` header to the next page: the request's own path and query, with another cursor.
///
/// Source: RFC 8288, relation `next`.
pub(crate) fn next_link(prefix: &str, uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let other_parameters =
        uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<&str> = other_parameters.collect();
    let separator = if query.is_empty() { "" } else { "&" };
    let link = format!("<{prefix}{}?{}{separator}cursor={cursor}>; rel=\"next\"", uri.path(), query.join("&"));
    HeaderValue::try_from(link).ok()
}

/// Encodes a position as an opaque cursor.
pub(crate) fn encode(position: Position) -> String {
    let mut bytes = position.failed_at.unix_timestamp_nanos().to_be_bytes().to_vec();
    bytes.extend(position.event_id.as_bytes());
    bytes.push(u8::from(position.direction == Direction::Outgoing));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes a cursor of [`encode`].
///
/// # Errors
/// 422 when it is malformed.
pub(crate) fn decode(cursor: Option<&str>) -> Result<Option<Position>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    read(text).map(Some).ok_or_else(|| invalid_parameter("cursor", "is not a cursor of this list"))
}

fn read(text: &str) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (nanos, rest) = bytes.split_first_chunk::<16>()?;
    let (event_id, rest) = rest.split_first_chunk::<16>()?;
    let direction = match rest {
        [0] => Direction::Incoming,
        [1] => Direction::Outgoing,
        _ => return None,
    };
    let failed_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from_be_bytes(*nanos)).ok()?;
    Some(Position { failed_at, event_id: Uuid::from_bytes(*event_id), direction })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_keeps_the_other_parameters() {
        let uri = Uri::from_static("/letters?state=open&cursor=old&limit=2");
        let link = next_link("/orders", &uri, "new").unwrap();
        assert_eq!(link, "</orders/letters?state=open&limit=2&cursor=new>; rel=\"next\"");
    }

    #[test]
    fn a_page_has_1_to_100_rows() {
        assert_eq!((limit(None).ok(), limit(Some("100")).ok()), (Some(20), Some(100)));
        for text in ["0", "101", "-1", "x", ""] {
            assert!(limit(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_decoded_cursor_equals_the_encoded_position() {
        let position = Position {
            failed_at: OffsetDateTime::UNIX_EPOCH,
            event_id: Uuid::from_u128(7),
            direction: Direction::Outgoing,
        };
        assert_eq!(decode(Some(&encode(position))).ok().flatten(), Some(position));
        assert!(matches!(decode(None), Ok(None)));
        for nonsense in ["", "!", "c2hvcnQ"] {
            assert!(decode(Some(nonsense)).is_err(), "{nonsense}");
        }
    }
}
