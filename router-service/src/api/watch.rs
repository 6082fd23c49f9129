//! `GET /{hash}/ws`: the live state over WebSocket.

use super::open::open;
use super::visitor::Visitor;
use crate::live::socket;
use crate::state::State;
use axum::extract;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use chassis::problem::{Problem, ProblemDocument};
use http::StatusCode;

/// Read buffer of a socket, in bytes, which grows when it must: clients send answers to pings, and the library's default
/// of 128 KiB is per socket.
const READ_BUFFER_BYTES: usize = 256;
/// Messages of some kilobytes are written through when they are complete.
const WRITE_BUFFER_BYTES: usize = 4096;
/// Far above the state of the largest cheque; reached only by a socket that takes nothing.
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A client has nothing to say; what it says must be short.
const MESSAGE_BYTES_MAX: usize = 4096;

/// The live state: a snapshot, then the whole state with each change.
#[utoipa::path(
    get, path = "/{hash}/ws", tag = "cheques", operation_id = "watchCheque",
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 404, description = "The link leads nowhere", body = ProblemDocument),
        (status = 410, description = "The link has ended, or the cheque was deleted", body = ProblemDocument),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    _visitor: Visitor,
    extract::Path(hash): extract::Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let hash = open(&state, &hash).await?.hash;
    let upgrade = upgrade.map_err(|_| {
        let detail = "this address speaks WebSocket: ask for an upgrade";
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
        // The hub counts the task, so that the process does not end before its sockets are closed.
        .on_upgrade(move |socket| hub.track(socket::run(socket, state, hash))))
}
