//! `POST /operations/dead-letters/{direction}/{event_id}/replay` and `/discard`: settles one letter.

use crate::address::Address;
use crate::letter_json::LetterJson;
use crate::parameters::{Parameters, wrong};
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::refusals::{no_such_letter, settling};
use axum::Json;
use axum::extract::State;
use rabbit_outbox::Messaging;

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
        (status = 200, description = "Replayed", body = LetterJson),
        (status = 404, description = "No such letter", body = ProblemDocument),
        (status = 409, description = "The letter is already settled, or too old", body = ProblemDocument),
    )
))]
pub(crate) async fn replay(
    State(messaging): State<Messaging>,
    address: Address,
    parameters: Parameters,
) -> Result<Json<LetterJson>, Problem> {
    let Address { direction, event_id } = address;
    let letters = messaging.dead_letters();
    match parameters.get("beyond_window") {
        None | Some("false") => letters.replay(direction, event_id).await,
        Some("true") => letters.replay_beyond_window(direction, event_id).await,
        Some(_) => return Err(wrong("beyond_window", "must be true or false")),
    }
    .map_err(settling)?;
    settled(&messaging, address).await
}

/// Discards a letter.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/discard", tag = "operations",
    operation_id = "discardDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    responses(
        (status = 200, description = "Discarded", body = LetterJson),
        (status = 404, description = "No such letter", body = ProblemDocument),
        (status = 409, description = "The letter is already settled", body = ProblemDocument),
    )
))]
pub(crate) async fn discard(State(messaging): State<Messaging>, address: Address) -> Result<Json<LetterJson>, Problem> {
    messaging.dead_letters().discard(address.direction, address.event_id).await.map_err(settling)?;
    settled(&messaging, address).await
}

async fn settled(messaging: &Messaging, address: Address) -> Result<Json<LetterJson>, Problem> {
    let found = messaging.dead_letters().show(address.direction, address.event_id).await?;
    let (letter, _) = found.ok_or_else(no_such_letter)?;
    Ok(Json(letter.into()))
}
