//! Why a picture was not read, as problems.

use crate::workers::Refusal;
use crate::workers::pool::ReadError;
use chassis::problem::Problem;
use http::{HeaderValue, StatusCode, header};

/// The picture itself is at fault.
pub(super) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Empty => empty(),
        Refusal::Unsupported { what } => Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_picture", what),
        Refusal::Broken { what } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "broken_picture", what),
        Refusal::TooLarge { what } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "picture_too_large", what),
    }
}

/// There are no bytes.
pub(super) fn empty() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty_file", "the picture is empty")
}

/// The workers did not read it.
pub(super) fn not_read(failure: ReadError) -> Problem {
    match failure {
        ReadError::Refused(refusal) => refused(refusal),
        ReadError::Unreadable { .. } => {
            let detail = "the picture could not be read within the limits of time and memory; try another photo";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable_picture", detail)
        }
        ReadError::QueueFull { retry_after_secs } => queue_full(retry_after_secs),
        ReadError::Unavailable => {
            let detail = "nothing can be read right now; try again soon";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
        }
    }
}

/// Too many others came before.
pub(super) fn queue_full(retry_after_secs: u32) -> Problem {
    let detail = format!("too many pictures wait to be read; try again in {retry_after_secs} s");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "reading_queue_full", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(retry_after_secs))
}
