//! `GET /{hash}/ws`: the live state over WebSocket.

use super::open::open;
use super::visitor::Visitor;
use crate::live::watched::Watched;
use crate::state::State;
use axum::extract;
use axum::response::Response;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use live_sockets::Upgrade;

/// The live state: a snapshot, then the whole state after each change.
#[utoipa::path(
    get, path = "/{hash}/ws", tag = "cheques", operation_id = "watchCheque",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 101, description = "A WebSocket; every text message is a LiveMessage", body = crate::live::message::LiveMessage),
        (status = 404, description = "No such link", body = ProblemDocument),
        (status = 410, description = "The link has expired, or the cheque was deleted", body = ProblemDocument),
        (status = 400, description = "A malformed WebSocket handshake", body = ProblemDocument),
        (status = 426, description = "Not a WebSocket request", body = ProblemDocument),
        (status = 429, description = "The user, the address, or the cheque has too many open sockets", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    upgrade: Result<Upgrade, Problem>,
) -> Result<Response, Problem> {
    let hash = open(&state, &hash, visitor).await?.hash;
    let watched = Watched { database: state.database, hash, user_id: visitor.0.user_id };
    state.hub.open(upgrade?, watched, state.stopping)
}
