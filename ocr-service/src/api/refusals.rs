//! Maps the reasons why a picture was not read to problem documents.

use crate::workers::Refusal;
use crate::workers::pool::ReadError;
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;

/// The picture itself is unsuitable.
pub(super) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Empty => empty(),
        Refusal::Unsupported { what } => Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_picture", what),
        Refusal::Broken { what } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "broken_picture", what),
        Refusal::TooLarge { what } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "picture_too_large", what),
    }
}

/// The upload contains no bytes.
pub(super) fn empty() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty_file", "the picture is empty")
}

/// The workers could not read the picture.
pub(super) fn not_read(failure: ReadError) -> Problem {
    match failure {
        ReadError::Refused(refusal) => refused(refusal),
        ReadError::Unreadable { .. } => {
            let detail = "the picture exceeded the limits of time or memory; try another photo";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable_picture", detail)
        }
        ReadError::QueueFull { retry_after_secs } => queue_full(retry_after_secs),
        ReadError::Unavailable => {
            let detail = "reading is unavailable right now; try again soon";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
        }
    }
}

/// The queue is full.
pub(super) fn queue_full(retry_after_secs: u32) -> Problem {
    let detail = format!("too many pictures are queued; try again in {retry_after_secs} s");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "reading_queue_full", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after_secs))
}
