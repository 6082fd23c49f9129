//! `GET /operations/dead-letters/{direction}/{event_id}`: returns a letter with its message.

use crate::dead_letter_json::DeadLetterDetailsJson;
use crate::errors::no_such_dead_letter;
use crate::letter_id::LetterId;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::problem::{During, Problem};
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
    let found = messaging.dead_letters().show(direction, event_id).await;
    let found = found.during(format_args!("find {direction} dead letter {event_id}"))?;
    let (letter, body) = found.ok_or_else(no_such_dead_letter)?;
    Ok(Json(DeadLetterDetailsJson::new(letter, body)))
}
