//! The session of a request must not have ended. Gateways learn of it within a second or two; what can be changed here must
//! not be open to an ended session for that time.

use crate::state::State;
use crate::store;
use axum::extract::{self, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http_api::problem::Problem;
use identity::{SESSION_HEADER, unauthenticated};
use uuid::Uuid;

/// Refuses requests of a session that has ended. Requests without a session pass: those of guests, of the gateway itself,
/// and in development.
pub(super) async fn require_live_session(
    extract::State(state): extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    match is_live(&state, request.headers()).await {
        Ok(true) => next.run(request).await,
        Ok(false) => unauthenticated("the session has ended: sign in again").into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn is_live(state: &State, headers: &HeaderMap) -> Result<bool, Problem> {
    match session_of(headers) {
        None => Ok(true),
        Some(Err(())) => Ok(false),
        Some(Ok(session)) => Ok(store::sessions::is_live(&state.database, session).await?),
    }
}

/// The session that the gateway has named.
pub(super) fn session_of(headers: &HeaderMap) -> Option<Result<Uuid, ()>> {
    let header = headers.get(SESSION_HEADER)?;
    Some(header.to_str().ok().and_then(|text| text.parse().ok()).ok_or(()))
}
