//! `POST /operations/dead-letters/{direction}/{event_id}/replay` and `/discard`: settles one letter.

use crate::acting::Letters;
use crate::dead_letter_json::DeadLetterJson;
use crate::errors::{no_such_dead_letter, settle_problem};
use crate::letter_id::LetterId;
use crate::parameters::{Parameters, invalid_parameter};
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::problem::{During, Problem};
use axum::Json;
use rabbit_outbox::dead_letters::DeadLetters;

/// Replays a letter, with its original event id.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/replay", tag = "operations",
    operation_id = "replayDeadLetter",
    params(
        ("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path),
        ("beyond_window" = Option<bool>, Query, description = "`true`: also if the inbox no longer stores its \
            day, so that its effect may be repeated unless a business key prevents this"),
    ),
    responses(
        (status = 200, description = "Replayed", body = DeadLetterJson),
        (status = 404, description = "No such letter", body = ProblemDocument),
        (status = 409, description = "The letter is already settled, or too old", body = ProblemDocument),
    )
))]
pub(crate) async fn replay(
    Letters(letters): Letters,
    id: LetterId,
    parameters: Parameters,
) -> Result<Json<DeadLetterJson>, Problem> {
    let LetterId { direction, event_id } = id;
    match parameters.get("beyond_window") {
        None | Some("false") => letters.replay(direction, event_id).await,
        Some("true") => letters.replay_beyond_window(direction, event_id).await,
        Some(_) => return Err(invalid_parameter("beyond_window", "must be true or false")),
    }
    .map_err(|failure| settle_problem(format_args!("replay {direction} dead letter {event_id}"), &failure))?;
    settled(&letters, id).await
}

/// Discards a letter.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/discard", tag = "operations",
    operation_id = "discardDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "Discarded", body = DeadLetterJson),
        (status = 404, description = "No such letter", body = ProblemDocument),
        (status = 409, description = "The letter is already settled", body = ProblemDocument),
    )
))]
pub(crate) async fn discard(Letters(letters): Letters, id: LetterId) -> Result<Json<DeadLetterJson>, Problem> {
    let LetterId { direction, event_id } = id;
    let discarded = letters.discard(direction, event_id).await;
    discarded
        .map_err(|failure| settle_problem(format_args!("discard {direction} dead letter {event_id}"), &failure))?;
    settled(&letters, id).await
}

async fn settled(letters: &DeadLetters, id: LetterId) -> Result<Json<DeadLetterJson>, Problem> {
    let LetterId { direction, event_id } = id;
    let found = letters.show(direction, event_id).await;
    let found = found.during(format_args!("find settled {direction} dead letter {event_id}"))?;
    let (letter, _) = found.ok_or_else(no_such_dead_letter)?;
    Ok(Json(letter.into()))
}
