//! `GET /{hash}/ws`: the live state over WebSocket.

use super::open::open;
use super::visitor::Visitor;
use crate::live::socket;
use crate::state::State;
use axum::extract;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// Initial size of a socket's read buffer, in bytes; it grows if needed. Clients only send pongs, and the library's
/// default of 128 KiB would be allocated for every socket.
const READ_BUFFER_BYTES: usize = 256;
/// Messages of several kilobytes are written directly once they are complete.
const WRITE_BUFFER_BYTES: usize = 4096;
/// Far above the state of the largest cheque; only a client that does not read reaches it.
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Clients have nothing to send, so incoming messages are limited to a small size.
const MESSAGE_BYTES_MAX: usize = 4096;

/// The live state: a snapshot, then the whole state after each change.
#[utoipa::path(
    get, path = "/{hash}/ws", tag = "cheques", operation_id = "watchCheque",
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 404, description = "No such link", body = ProblemDocument),
        (status = 410, description = "The link has expired, or the cheque was deleted", body = ProblemDocument),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    _visitor: Visitor,
    Path(hash): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let hash = open(&state, &hash).await?.hash;
    let upgrade = upgrade.map_err(|_| {
        let detail = "this endpoint requires a WebSocket upgrade";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
            .with_header(http::header::UPGRADE, http::HeaderValue::from_static("websocket"))
    })?;
    let hub = state.hub.clone();
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        // Tracked by the hub, so that the process does not exit before its sockets are closed.
        .on_upgrade(move |socket| hub.track(socket::run(socket, state, hash))))
}
