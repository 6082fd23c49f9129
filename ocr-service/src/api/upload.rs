//! Receives a picture: one part of a multipart body, with limits on size and time.

use super::refusals;
use crate::workers::PICTURE_BYTES_MAX;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use http::StatusCode;
use http_api::problem::Problem;
use std::time::Duration;

/// The part with the picture.
const PART: &str = "file";
/// Largest number of bytes received in total. Bytes beyond the limit of a picture are still read and discarded: if the
/// server responded and closed while the client is sending, the connection would be reset and the client would never
/// see the response.
const RECEIVED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Time limit for the upload: enough for 10 MB over a slow mobile connection.
const RECEIVE_TIMEOUT: Duration = Duration::from_mins(1);

/// The picture in the part `file`; other parts are read and ignored.
///
/// # Errors
/// 400 if the body is not multipart, 408 if it arrives too slowly, 413 if the picture is too large, 422 if it is
/// missing or empty.
pub(super) async fn receive(multipart: Multipart) -> Result<Bytes, Problem> {
    tokio::time::timeout(RECEIVE_TIMEOUT, receive_parts(multipart)).await.unwrap_or_else(|_| {
        let detail = format!("the picture did not arrive within {} s", RECEIVE_TIMEOUT.as_secs());
        Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail))
    })
}

async fn receive_parts(mut multipart: Multipart) -> Result<Bytes, Problem> {
    let mut received = 0;
    let mut picture = None;
    while let Some(field) = multipart.next_field().await.map_err(malformed)? {
        let is_file = picture.is_none() && field.name() == Some(PART);
        let part = receive_part(field, is_file, &mut received).await?;
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

enum Part {
    Whole(Vec<u8>),
    TooLarge,
}

async fn receive_part(mut field: Field<'_>, is_file: bool, received: &mut usize) -> Result<Part, Problem> {
    let (mut bytes, mut length) = (vec![], 0);
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        length += chunk.len();
        *received += chunk.len();
        if *received > RECEIVED_BYTES_MAX {
            return Err(too_large());
        }
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
