//! `GET /operations/dead-letters/{direction}/{event_id}`: returns a letter with its message.

use crate::dead_letter_json::DeadLetterDetailsJson;
use crate::errors::no_such_dead_letter;
use crate::letter_id::LetterId;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use axum::Json;
use axum::extract::State;
use rabbit_outbox::Messaging;

/// A letter with its message.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/dead-letters/{direction}/{event_id}", tag = "operations",
    operation_id = "openDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "The dead letter, with its body", body = DeadLetterDetailsJson),
        (status = 404, description = "No such letter", body = ProblemDocument),
    )
))]
pub(crate) async fn handler(
    State(messaging): State<Messaging>,
    LetterId { direction, event_id }: LetterId,
) -> Result<Json<DeadLetterDetailsJson>, Problem> {
    let (letter, body) = messaging.dead_letters().show(direction, event_id).await?.ok_or_else(no_such_dead_letter)?;
    Ok(Json(DeadLetterDetailsJson::new(letter, body)))
}
