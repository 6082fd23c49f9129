//! Gives hyper's own responses a problem document.
//!
//! hyper answers a head that it can't parse, or that is too large, itself: without a body, and then closes the
//! connection. Such a response is the last thing that hyper writes, so it is recognised there and completed: with a
//! trace id and a request id, because no middleware runs for it.

use crate::layers;
use crate::request_id::{REQUEST_ID, new_request_id};
use http::StatusCode;
use http_api::problem::{CONTENT_TYPE, Problem};
use trace::TraceContext;
use tracing::info;

/// A response as hyper writes it, between the status and the date.
const WITHOUT_BODY: &str = "content-length: 0\r\n";

/// The bytes of the response to a rejected head, if `written` ends with hyper's; `written` includes what precedes it.
pub(crate) fn with_problem(written: &[u8]) -> Option<Vec<u8>> {
    let (before, status, rest) = [400, 414, 431].into_iter().find_map(|code| {
        let status = StatusCode::from_u16(code).ok()?;
        let line = format!("HTTP/1.1 {code} {}\r\n", status.canonical_reason()?);
        let start = written.windows(line.len()).rposition(|window| window == line.as_bytes())?;
        let rest = std::str::from_utf8(&written[start + line.len()..]).ok()?;
        // Nothing follows the head.
        let is_last = rest.find("\r\n\r\n") == Some(rest.len().checked_sub(4)?);
        is_last.then_some((&written[..start + line.len()], status, rest))
    })?;
    let (before_length, after_length) = rest.split_once(WITHOUT_BODY)?;
    let id = new_request_id();
    let id = id.to_str().unwrap_or_default();
    let document = trace::in_scope(TraceContext::root(), || {
        let code = status.as_u16();
        info!(status = code, request_id = id, "a request that is not valid HTTP was rejected with {code}");
        problem(status).into_json()
    });
    layers::count_rejected(status);
    let length = document.len();
    let head = format!(
        "{before_length}content-type: {CONTENT_TYPE}\r\n{REQUEST_ID}: {id}\r\ncontent-length: {length}\r\n{after_length}"
    );
    Some([before, head.as_bytes(), &document].concat())
}

fn problem(status: StatusCode) -> Problem {
    let (code, detail) = match status {
        StatusCode::URI_TOO_LONG => ("uri_too_long", "the address of the request is too long"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ("head_too_large", "the headers of the request are too large"),
        _ => ("bad_request", "the request is not valid HTTP/1.1"),
    };
    Problem::new(status, code, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_response_at_the_end_and_without_a_body_is_completed() {
        let own = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n";
        let earlier = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let completed = String::from_utf8(with_problem(format!("{earlier}{own}").as_bytes()).unwrap()).unwrap();
        assert!(completed.starts_with(earlier), "{completed}");
        let (head, document) = completed[earlier.len()..].split_once("\r\n\r\n").unwrap();
        assert!(head.contains("connection: close\r\ncontent-type: application/problem+json"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", document.len())), "{head}");
        assert!(document.contains("\"bad_request\""), "{document}");
        for other in [format!("{own}{earlier}"), own.replace("length: 0", "length: 1"), earlier.to_owned()] {
            assert_eq!(with_problem(other.as_bytes()), None, "{other}");
        }
    }
}
