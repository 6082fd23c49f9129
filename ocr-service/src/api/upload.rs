//! Receives a picture: one part of a multipart body, with limits on size and time.

use super::refusals;
use crate::workers::PICTURE_BYTES_MAX;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use http::StatusCode;
use http_api::problem::Problem;
use std::time::Duration;
use tokio::time::Instant;

/// The part with the picture.
const PART: &str = "file";
/// Largest number of bytes received in total. Bytes beyond the limit of a picture are still read and discarded: if the
/// server responded and closed while the client is sending, the connection would be reset and the client would never
/// see the response.
const RECEIVED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Time limit for the upload: enough for 10 MB over a slow mobile connection.
const RECEIVE_TIMEOUT: Duration = Duration::from_mins(1);
/// Longest pause within the upload: one that stalls must not keep others from its place.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The upload may be slower than [`BYTES_PER_SECOND_MIN`] for this long.
const SLOW_START: Duration = Duration::from_secs(5);
/// A tenth of what 10 MB in a minute need; a slower upload of a usual photo would not end in time either.
const BYTES_PER_SECOND_MIN: usize = 16 * 1024;

/// The picture in the part `file`; other parts are read and ignored.
///
/// # Errors
/// 400 if the body is not multipart, 408 if it arrives too slowly, 413 if the picture is too large, 422 if it is
/// missing or empty.
pub(super) async fn receive(multipart: Multipart) -> Result<Bytes, Problem> {
    tokio::time::timeout(RECEIVE_TIMEOUT, receive_parts(multipart)).await.unwrap_or_else(|_| Err(too_slow()))
}

fn too_slow() -> Problem {
    let detail = format!("the picture did not arrive within {} s, or it stalled", RECEIVE_TIMEOUT.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
}

/// What has arrived, and since when.
struct Pace {
    began: Instant,
    received: usize,
}

impl Pace {
    /// Counts a piece.
    fn count(&mut self, bytes: usize) -> Result<(), Problem> {
        self.received += bytes;
        let due = self.began.elapsed().saturating_sub(SLOW_START).as_secs();
        if self.received > RECEIVED_BYTES_MAX {
            Err(too_large())
        } else if (self.received as u64) < due * BYTES_PER_SECOND_MIN as u64 {
            Err(too_slow())
        } else {
            Ok(())
        }
    }
}

async fn receive_parts(mut multipart: Multipart) -> Result<Bytes, Problem> {
    let mut pace = Pace { began: Instant::now(), received: 0 };
    let mut picture = None;
    while let Some(field) = in_time(multipart.next_field()).await? {
        let is_file = picture.is_none() && field.name() == Some(PART);
        let part = receive_part(field, is_file, &mut pace).await?;
        if is_file {
            picture = Some(part);
        }
    }
    match picture {
        None => {
            let detail = "the body has no part named `file`; send the picture in it";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "file_missing", detail))
        }
        Some(Part::TooLarge) => Err(too_large()),
        Some(Part::Whole(bytes)) if bytes.is_empty() => Err(refusals::empty()),
        Some(Part::Whole(bytes)) => Ok(bytes.into()),
    }
}

/// The next piece, unless it is late.
async fn in_time<T>(piece: impl Future<Output = Result<Option<T>, MultipartError>>) -> Result<Option<T>, Problem> {
    tokio::time::timeout(PAUSE_MAX, piece).await.map_err(|_| too_slow())?.map_err(malformed)
}

enum Part {
    Whole(Vec<u8>),
    TooLarge,
}

async fn receive_part(mut field: Field<'_>, is_file: bool, pace: &mut Pace) -> Result<Part, Problem> {
    let (mut bytes, mut length) = (vec![], 0);
    while let Some(chunk) = in_time(field.chunk()).await? {
        length += chunk.len();
        pace.count(chunk.len())?;
        if length > PICTURE_BYTES_MAX {
            bytes = vec![];
        } else if is_file {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(if length > PICTURE_BYTES_MAX { Part::TooLarge } else { Part::Whole(bytes) })
}

fn too_large() -> Problem {
    let detail = format!("a picture may have at most {} MB", PICTURE_BYTES_MAX / (1024 * 1024));
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "picture_too_large", detail)
}

/// A client error: the body is truncated or malformed.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn malformed(failure: MultipartError) -> Problem {
    let detail = format!("the body is not a complete multipart body: {}", failure.body_text());
    Problem::new(StatusCode::BAD_REQUEST, "incomplete_body", detail)
}
