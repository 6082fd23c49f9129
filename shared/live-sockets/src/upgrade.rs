//! The WebSocket handshake. Source: RFC 6455, section 4.2.

use crate::feed::Feed;
use crate::hub::Hub;
use crate::socket;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
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

/// A request to open a WebSocket. As an argument of a handler it rejects other requests with 426; a handler that
/// answers otherwise first takes `Result<Upgrade, Problem>`.
#[derive(Debug)]
pub struct Upgrade {
    accept: HeaderValue,
    on_upgrade: OnUpgrade,
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        accept(parts).ok_or_else(|| {
            let detail = "this endpoint requires a WebSocket upgrade";
            Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
                .with_header(header::UPGRADE, HeaderValue::from_static("websocket"))
        })
    }
}

/// Accepts the handshake, if it is one.
fn accept(parts: &mut Parts) -> Option<Upgrade> {
    let headers = &parts.headers;
    let is_handshake = parts.method == Method::GET
        && has_token(headers, &header::CONNECTION, "upgrade")
        && has_token(headers, &header::UPGRADE, "websocket")
        && headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    if !is_handshake {
        return None;
    }
    let accept = derive_accept_key(headers.get(header::SEC_WEBSOCKET_KEY)?.as_bytes());
    let on_upgrade = parts.extensions.remove::<OnUpgrade>()?;
    Some(Upgrade { accept: HeaderValue::try_from(accept).ok()?, on_upgrade })
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
    /// 429 if the user already has the largest number of open sockets.
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
            .write_buffer_size(limits.write_buffer_bytes)
            .max_write_buffer_size(limits.write_buffer_bytes_max)
            .max_message_size(Some(limits.received_bytes_max))
            .max_frame_size(Some(limits.received_bytes_max));
        let Upgrade { accept, on_upgrade } = upgrade;
        // Tracked, so that the process does not exit before its sockets are closed.
        self.sockets.spawn(async move {
            // An error: the client left before the answer was sent.
            let Ok(upgraded) = on_upgrade.await else { return };
            // Boxed, like other short-lived futures here: their memory is not reserved for the life of the socket.
            let stream = Box::pin(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)));
            socket::run(stream.await, subscription, stopping).await;
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
