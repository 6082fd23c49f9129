//! `POST /operations/dead-letters/{direction}/{event_id}/replay` and `/discard`: one letter is decided about.

use crate::letter_json::LetterJson;
use crate::refusals::{address, no_such_letter, settling};
use axum::{Json, extract};
use chassis::problem::{Problem, ProblemDocument};
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::Direction;
use uuid::Uuid;

/// Sends a letter on its way again, with the id it always had.
#[utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/replay", tag = "operations",
    operation_id = "replayDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "It is on its way", body = LetterJson),
        (status = 404, description = "There is no such letter", body = ProblemDocument),
        (status = 409, description = "Somebody decided already, or it is too old", body = ProblemDocument),
    )
)]
pub(crate) async fn replay(
    extract::State(messaging): extract::State<Messaging>,
    extract::Path((direction, event_id)): extract::Path<(String, String)>,
) -> Result<Json<LetterJson>, Problem> {
    let (direction, event_id) = address(&direction, &event_id)?;
    messaging.dead_letters().replay(direction, event_id).await.map_err(settling)?;
    settled(&messaging, direction, event_id).await
}

/// Puts a letter away.
#[utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/discard", tag = "operations",
    operation_id = "discardDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "It is put away", body = LetterJson),
        (status = 404, description = "There is no such letter", body = ProblemDocument),
        (status = 409, description = "Somebody decided already", body = ProblemDocument),
    )
)]
pub(crate) async fn discard(
    extract::State(messaging): extract::State<Messaging>,
    extract::Path((direction, event_id)): extract::Path<(String, String)>,
) -> Result<Json<LetterJson>, Problem> {
    let (direction, event_id) = address(&direction, &event_id)?;
    messaging.dead_letters().discard(direction, event_id).await.map_err(settling)?;
    settled(&messaging, direction, event_id).await
}

async fn settled(messaging: &Messaging, direction: Direction, event_id: Uuid) -> Result<Json<LetterJson>, Problem> {
    let found = messaging.dead_letters().show(direction, event_id).await?;
    let (letter, _) = found.ok_or_else(no_such_letter)?;
    Ok(Json(letter.into()))
}
