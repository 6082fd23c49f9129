//! Maps the reasons why a picture was not read to problem documents.

use crate::workers::Refusal;
use crate::workers::stage::ReadError;
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use time::OffsetDateTime;

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
        ReadError::TooMany => too_many(),
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

/// This user has too many pictures at the same time.
pub(super) fn too_many() -> Problem {
    let detail = "too many pictures of this user are uploaded or queued at the same time";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_pictures", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("10"))
}

/// The user's quota of pictures is used up until the next day begins in UTC.
pub(super) fn quota_used_up(now: OffsetDateTime) -> Problem {
    let (hours, minutes, seconds) = now.time().as_hms();
    let passed = (u32::from(hours) * 60 + u32::from(minutes)) * 60 + u32::from(seconds);
    let detail = "this user has had as many pictures read today as a user may have, or as many bytes of them";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "picture_quota_used_up", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(24 * 60 * 60 - passed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn a_quota_is_full_again_at_midnight() {
        for (now, seconds) in [("2026-11-29T00:00:00Z", "86400"), ("2026-11-29T23:59:59Z", "1")] {
            let now = OffsetDateTime::parse(now, &time::format_description::well_known::Rfc3339).unwrap();
            assert_eq!(quota_used_up(now).into_response().headers()[header::RETRY_AFTER], seconds);
        }
    }
}
