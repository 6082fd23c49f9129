//! `GET /ws/orders/{id}` and `GET /ws/orders`: live status over WebSocket.

use crate::live::socket::{self, Watched};
use crate::state::State;
use crate::store;
use axum::extract;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;

/// Initial size of a socket's read buffer, in bytes; it grows if needed. Clients only send pongs, and the library's
/// default of 128 KiB would be allocated for every socket.
const READ_BUFFER_BYTES: usize = 256;
/// Messages are a few hundred bytes.
const WRITE_BUFFER_BYTES: usize = 2048;
/// Clients have nothing to send, so incoming messages are limited to a small size.
const MESSAGE_BYTES_MAX: usize = 4096;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// Live status of one order: a snapshot, then an update with each change.
#[utoipa::path(
    get, path = "/ws/orders/{id}", tag = "orders", operation_id = "watchOrder",
    params(("id" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 404, description = "The order does not exist or belongs to another user", body = ProblemDocument),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
    )
)]
pub(super) async fn one_order(
    extract::State(state): extract::State<State>,
    caller: Caller,
    Path(id): Path<String>,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let user_id = super::user_of(caller)?;
    let id = super::order_id(&id)?;
    store::orders::find(&state.database, user_id, id).await?.ok_or_else(super::no_such_order)?;
    open(state, upgrade, Watched { user_id, order_id: Some(id) })
}

/// Live status of all orders of the user: snapshots of the newest orders, then an update with each change.
#[utoipa::path(
    get, path = "/ws/orders", tag = "orders", operation_id = "watchOrders",
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
    )
)]
pub(super) async fn all_orders(
    extract::State(state): extract::State<State>,
    caller: Caller,
    upgrade: Upgrade,
) -> Result<Response, Problem> {
    let user_id = super::user_of(caller)?;
    open(state, upgrade, Watched { user_id, order_id: None })
}

fn open(state: State, upgrade: Upgrade, watched: Watched) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        let detail = "this endpoint requires a WebSocket upgrade";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail)
            .with_header(http::header::UPGRADE, http::HeaderValue::from_static("websocket"))
    })?;
    let hub = state.hub.clone();
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        // Tracked by the hub, so that the process does not exit before its sockets are closed.
        .on_upgrade(move |socket| hub.track(socket::run(socket, state, watched))))
}
