//! What every request passes on its way in, and every answer on its way out.

pub(crate) mod access;
mod cors;
mod harden;
pub(crate) mod operations;
pub(crate) mod path;

use crate::gateway::Gateway;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chassis::layers::observed;
use std::sync::Arc;

/// What happens around every request, the outermost first. One layer: each layer of axum costs every request a copy of
/// the service behind it and an allocation.
pub(crate) async fn around(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    observed(request, async |request| {
        access::identify_and_log(request, async |request| {
            harden::refuse_ambiguity(request, async |request| {
                cors::allow_origins(&gateway, request, async |request| next.run(request).await).await
            })
            .await
        })
        .await
    })
    .await
}
