//! `POST /operations/dead-letters/replay` and `/discard`: all letters that match are decided about.

use crate::body::JsonBody;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::refusals::settling;
use crate::selection;
use axum::{Json, extract};
use rabbit_outbox::Messaging;
use serde::Serialize;

/// Letters that one request settles; the rest is for the next.
const SETTLED_MAX: u32 = 10_000;

/// How many letters were settled.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Settled {
    /// At most 10,000: ask again for the rest.
    settled: u64,
}

/// Sends all open letters that match on their way again.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/replay", tag = "operations", operation_id = "replayDeadLetters",
    request_body = selection::Selection,
    responses(
        (status = 200, body = Settled),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
))]
pub(crate) async fn replay(
    extract::State(messaging): extract::State<Messaging>,
    body: JsonBody,
) -> Result<Json<Settled>, Problem> {
    let filter = selection::read(body)?;
    let settled = messaging.dead_letters().replay_matching(&filter, SETTLED_MAX).await.map_err(settling)?;
    Ok(Json(Settled { settled }))
}

/// Puts all open letters that match away.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/discard", tag = "operations", operation_id = "discardDeadLetters",
    request_body = selection::Selection,
    responses(
        (status = 200, body = Settled),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
))]
pub(crate) async fn discard(
    extract::State(messaging): extract::State<Messaging>,
    body: JsonBody,
) -> Result<Json<Settled>, Problem> {
    let filter = selection::read(body)?;
    let settled = messaging.dead_letters().discard_matching(&filter, SETTLED_MAX).await.map_err(settling)?;
    Ok(Json(Settled { settled }))
}
