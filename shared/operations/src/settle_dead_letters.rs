//! `POST /operations/dead-letters/replay` and `/discard`: settles all letters that match.

use crate::acting::Letters;
use crate::body::JsonBody;
use crate::errors::settle_problem;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::selection;
use axum::Json;
use serde::Serialize;

/// Most letters settled by one request; repeat the request for the rest.
const SETTLED_MAX: u32 = 10_000;

/// The number of settled letters.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Settled {
    /// At most 10,000: repeat the request for the rest.
    settled: u64,
}

/// Replays all open letters that match.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/replay", tag = "operations", operation_id = "replayDeadLetters",
    request_body = selection::Selection,
    responses(
        (status = 200, description = "The number of replayed letters", body = Settled),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
))]
pub(crate) async fn replay(Letters(letters): Letters, body: JsonBody) -> Result<Json<Settled>, Problem> {
    let filter = selection::from_body(body)?;
    let settled = letters.replay_matching(&filter, SETTLED_MAX).await;
    let settled = settled.map_err(|failure| settle_problem("replay matching dead letters", &failure))?;
    Ok(Json(Settled { settled }))
}

/// Discards all open letters that match.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/discard", tag = "operations", operation_id = "discardDeadLetters",
    request_body = selection::Selection,
    responses(
        (status = 200, description = "The number of discarded letters", body = Settled),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
))]
pub(crate) async fn discard(Letters(letters): Letters, body: JsonBody) -> Result<Json<Settled>, Problem> {
    let filter = selection::from_body(body)?;
    let settled = letters.discard_matching(&filter, SETTLED_MAX).await;
    let settled = settled.map_err(|failure| settle_problem("discard matching dead letters", &failure))?;
    Ok(Json(Settled { settled }))
}
