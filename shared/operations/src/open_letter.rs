//! `GET /operations/dead-letters/{direction}/{event_id}`: one letter, with what it says.

use crate::letter_json::OpenedLetterJson;
use crate::refusals::{address, no_such_letter};
use axum::{Json, extract};
use chassis::problem::{Problem, ProblemDocument};
use rabbit_outbox::Messaging;

/// One letter, with what it says.
#[utoipa::path(
    get, path = "/operations/dead-letters/{direction}/{event_id}", tag = "operations",
    operation_id = "openDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, body = OpenedLetterJson),
        (status = 404, description = "There is no such letter", body = ProblemDocument),
    )
)]
pub(crate) async fn handler(
    extract::State(messaging): extract::State<Messaging>,
    extract::Path((direction, event_id)): extract::Path<(String, String)>,
) -> Result<Json<OpenedLetterJson>, Problem> {
    let (direction, event_id) = address(&direction, &event_id)?;
    let (letter, body) = messaging.dead_letters().show(direction, event_id).await?.ok_or_else(no_such_letter)?;
    Ok(Json(OpenedLetterJson::new(letter, body)))
}
