//! `GET /ws/orders/{id}` and `GET /ws/orders`: live status over WebSocket.

use super::order_id::{no_such_order, order_id};
use crate::live::watched::Watched;
use crate::state::State;
use crate::store;
use axum::extract;
use axum::response::Response;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use live_sockets::Upgrade;

/// Live status of one order: a snapshot, then an update with each change.
#[utoipa::path(
    get, path = "/ws/orders/{id}", tag = "orders", operation_id = "watchOrder",
    params(("id" = uuid::Uuid, Path, description = "The order")),
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 404, description = "The order does not exist or belongs to another user", body = ProblemDocument),
        (status = 400, description = "A malformed WebSocket handshake", body = ProblemDocument),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
        (status = 429, description = "The user has too many open sockets", body = ProblemDocument),
    )
)]
pub(super) async fn one_order(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(id): Path<String>,
    upgrade: Result<Upgrade, Problem>,
) -> Result<Response, Problem> {
    let id = order_id(&id)?;
    store::orders::find(&state.database, user_id, id).await?.ok_or_else(no_such_order)?;
    let watched = Watched { database: state.database, user_id, order_id: Some(id) };
    state.hub.open(upgrade?, watched, state.stopping)
}

/// Live status of all orders of the user: snapshots of the newest orders, then an update with each change.
#[utoipa::path(
    get, path = "/ws/orders", tag = "orders", operation_id = "watchOrders",
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 400, description = "A malformed WebSocket handshake", body = ProblemDocument),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
        (status = 429, description = "The user has too many open sockets", body = ProblemDocument),
    )
)]
pub(super) async fn all_orders(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    upgrade: Result<Upgrade, Problem>,
) -> Result<Response, Problem> {
    let watched = Watched { database: state.database, user_id, order_id: None };
    state.hub.open(upgrade?, watched, state.stopping)
}
