//! The WebSocket handshake. Source: RFC 6455, section 4.2.

use crate::budget::Budget;
use crate::feed::Feed;
use crate::hub::Hub;
use crate::socket;
use crate::stream::Connection;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_api::problem::Problem;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use std::hash::Hash;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_util::sync::CancellationToken;

/// Initial size of a socket's read buffer, in bytes; it grows if needed. Clients only send pongs, and the library's
/// default of 128 KiB would be allocated for every socket.
const READ_BUFFER_BYTES: usize = 256;

/// The only version of the protocol. Source: RFC 6455, section 4.1.
const VERSION: HeaderValue = HeaderValue::from_static("13");

/// A request to open a WebSocket. As an argument of a handler it rejects other requests with 426, and a malformed
/// handshake with 400; a handler that answers otherwise first takes `Result<Upgrade, Problem>`.
#[derive(Debug)]
pub struct Upgrade {
    accept: HeaderValue,
    on_upgrade: OnUpgrade,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let accept = check(&parts.method, &parts.headers)?;
        let on_upgrade = parts.extensions.remove::<OnUpgrade>().ok_or_else(upgrade_required)?;
        Ok(Self { accept, on_upgrade })
    }
}

/// Checks a handshake; returns its `Sec-WebSocket-Accept`.
fn check(method: &Method, headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let is_handshake = method == Method::GET
        && has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION) == Some(&VERSION);
    if !is_handshake {
        return Err(upgrade_required());
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next().filter(|key| is_key(key.as_bytes())), keys.next()) else {
        let detail = "Sec-WebSocket-Key must be given once, and be 16 bytes in base64";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail));
    };
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).map_err(|failure| Problem::internal(&failure))
}

/// Whether this is a key: 16 bytes in base64. Source: RFC 6455, section 4.2.1.
fn is_key(key: &[u8]) -> bool {
    STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16)
}

/// 426. `Upgrade` has to be named by `Connection`. Sources: RFC 9110, section 7.8; RFC 6455, section 4.2.2.
fn upgrade_required() -> Problem {
    let detail = "this endpoint requires a WebSocket upgrade";
    Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
        .with_header(header::CONNECTION, HeaderValue::from_static("upgrade"))
        .with_header(header::UPGRADE, HeaderValue::from_static("websocket"))
        .with_header(header::SEC_WEBSOCKET_VERSION, VERSION)
}

/// Whether one of the header's comma-separated tokens is `token`, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

impl<K: Clone + Eq + Hash, I: Clone + Eq> Hub<K, I> {
    /// Opens a socket: returns the answer to the handshake, and runs the socket until it ends or `stopping` is cancelled.
    ///
    /// # Errors
    /// 429 if the user or the key already has the largest number of open sockets.
    pub fn open<F>(&self, upgrade: Upgrade, feed: F, stopping: CancellationToken) -> Result<Response, Problem>
    where
        F: Feed<Key = K, Item = I>,
        K: Send + Sync + 'static,
        I: Send + Sync + 'static,
    {
        // Subscribed before the snapshot is read: a change between the two then arrives twice instead of never.
        let subscription = self.subscribe(feed)?;
        let limits = self.limits();
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            // Only control frames are written through the library.
            .write_buffer_size(0)
            .max_message_size(Some(limits.received_bytes_max))
            .max_frame_size(Some(limits.received_bytes_max));
        let (received_bytes, received_frames) = (limits.received_bytes, limits.received_frames);
        let Upgrade { accept, on_upgrade } = upgrade;
        // Tracked, so that the process does not exit before its sockets are closed.
        self.sockets.spawn(async move {
            // An error: the client left before the answer was sent.
            let Ok(upgraded) = on_upgrade.await else { return };
            // Boxed, like other short-lived futures here: their memory is not reserved for the life of the socket.
            let connection = Connection::new(TokioIo::new(upgraded), received_bytes);
            let stream = Box::pin(WebSocketStream::from_raw_socket(connection, Role::Server, Some(config)));
            socket::run(stream.await, subscription, Budget::full(received_frames), stopping).await;
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    /// The status and headers with which a handshake is rejected, if it is.
    fn rejection(headers: &[(HeaderName, &'static str)]) -> Option<Response> {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(name, HeaderValue::from_static(value));
        }
        check(&Method::GET, &all).err().map(IntoResponse::into_response)
    }

    fn handshake(keys: &[&'static str]) -> Vec<(HeaderName, &'static str)> {
        let mut headers = vec![
            (header::CONNECTION, "upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
        ];
        headers.extend(keys.iter().map(|key| (header::SEC_WEBSOCKET_KEY, *key)));
        headers
    }

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    #[test]
    fn a_key_that_is_not_16_bytes_in_base64_is_400() {
        assert!(rejection(&handshake(&[KEY])).is_none());
        for keys in [vec![], vec!["x"], vec!["dGhlIHNhbXBsZSBub25jZQ"], vec!["dGhlIHNhbXBsZQ=="], vec![KEY, KEY]] {
            let status = rejection(&handshake(&keys)).map(|response| response.status());
            assert_eq!(status, Some(StatusCode::BAD_REQUEST), "{keys:?}");
        }
    }

    #[test]
    fn a_request_that_is_no_handshake_is_asked_for_one_with_all_headers() {
        let mut old = handshake(&[KEY]);
        old[2].1 = "8";
        for headers in [vec![], old] {
            let response = rejection(&headers).unwrap();
            assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
            assert_eq!(response.headers()[header::CONNECTION], "upgrade");
            assert_eq!(response.headers()[header::UPGRADE], "websocket");
            assert_eq!(response.headers()[header::SEC_WEBSOCKET_VERSION], "13");
        }
    }
}
