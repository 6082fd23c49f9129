//! What every request passes on its way in, and every answer on its way out.

pub(crate) mod access;
mod cors;
mod harden;
pub(crate) mod operations;
pub(crate) mod path;

use crate::gateway::Gateway;
use access::Line;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chassis::layers::observed;
use cors::Origins;
use std::sync::Arc;

/// What happens around every request. One layer: each layer of axum costs every request a copy of the service behind it
/// and an allocation.
pub(crate) async fn around(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    observed(request, async |mut request| {
        let line = Line::begin(&mut request);
        let mut response = match harden::refuse_ambiguity(&request) {
            Ok(()) => {
                let origins = Origins::of(&gateway, &request);
                match origins.preflight() {
                    Some(answer) => answer,
                    None => origins.mark(next.run(request).await),
                }
            }
            Err(refusal) => refusal.into_response(),
        };
        line.end(&mut response);
        response
    })
    .await
}
