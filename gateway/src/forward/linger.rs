//! Reads on after an early refusal.
//!
//! Closing a connection that still receives resets it, and a reset can overtake the answer: the client would see
//! "connection reset" instead of 413. So the rest of the body is read and thrown away, within limits.

use axum::body::Body;
use axum::extract::Request;
use http::header;
use http_body::Body as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

/// Longest reading on.
const TIME_MAX: Duration = Duration::from_secs(3);
/// Most bytes read on.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Reads on what a refused request still sends.
pub(super) fn read_on(request: Request) {
    // Reading would tell a client that waits for `100 Continue` to go ahead.
    if !request.headers().contains_key(header::EXPECT) {
        read_on_body(request.into_body());
    }
}

/// Reads on the rest of a body.
pub(super) fn read_on_body(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    tokio::spawn(tokio::time::timeout(TIME_MAX, async move {
        let mut bytes_left = BYTES_MAX;
        while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let length = frame.data_ref().map_or(0, bytes::Bytes::len);
            let Some(left) = bytes_left.checked_sub(length) else {
                return;
            };
            bytes_left = left;
        }
    }));
}
