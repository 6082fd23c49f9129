//! `POST /operations/dead-letters/replay-selected` and `/discard-selected`: settles the listed letters.

use crate::acting::Letters;
use crate::body::JsonBody;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::problem::{During, Problem};
use axum::Json;
use rabbit_outbox::dead_letters::{Direction, SettleError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most letters listed in one request.
const LETTERS_MAX: usize = 500;

/// The identity of a letter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterName))]
pub(crate) struct LetterIdJson {
    /// `incoming` or `outgoing`.
    direction: String,
    /// The event's id.
    event_id: Uuid,
}

/// The letters to settle.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = DeadLetterNames)]
#[expect(dead_code, reason = "this is the field of the schema; a body is read field by field")]
pub(crate) struct LetterIdsJson {
    /// 1 to 500 letters.
    #[schema(min_items = 1, max_items = 500)]
    letters: Vec<LetterIdJson>,
}

/// The result for one letter.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterOutcome))]
pub(crate) struct Outcome {
    direction: &'static str,
    event_id: Uuid,
    /// Whether this request settled it.
    settled: bool,
    /// The reason if it did not, as text for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Replays the listed letters; returns a result for each, in the same order.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/replay-selected", tag = "operations",
    operation_id = "replaySelectedDeadLetters", request_body = LetterIdsJson,
    responses(
        (status = 200, description = "The outcome of each letter, in the order of the request", body = Vec<Outcome>),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
))]
pub(crate) async fn replay(Letters(dead_letters): Letters, body: JsonBody) -> Result<Json<Vec<Outcome>>, Problem> {
    let letters = parse(body)?;
    let settled =
        dead_letters.replay_selected(&letters).await.during(format_args!("replay {} dead letters", letters.len()))?;
    Ok(outcomes(letters, settled))
}

/// Discards the listed letters; returns a result for each, in the same order.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/discard-selected", tag = "operations",
    operation_id = "discardSelectedDeadLetters", request_body = LetterIdsJson,
    responses(
        (status = 200, description = "The outcome of each letter, in the order of the request", body = Vec<Outcome>),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
))]
pub(crate) async fn discard(Letters(dead_letters): Letters, body: JsonBody) -> Result<Json<Vec<Outcome>>, Problem> {
    let letters = parse(body)?;
    let settled =
        dead_letters.discard_selected(&letters).await.during(format_args!("discard {} dead letters", letters.len()))?;
    Ok(outcomes(letters, settled))
}

fn parse(mut body: JsonBody) -> Result<Vec<(Direction, Uuid)>, Problem> {
    let letters = body.required("letters", parse_ids);
    body.finish()?;
    Ok(letters.unwrap_or_default())
}

fn parse_ids(json: &str) -> Result<Vec<(Direction, Uuid)>, String> {
    let ids: Vec<LetterIdJson> = serde_json::from_str(json)
        .map_err(|_| "must be a list of objects with direction and event_id, and nothing else".to_owned())?;
    if ids.is_empty() || ids.len() > LETTERS_MAX {
        return Err(format!("must name 1 to {LETTERS_MAX} letters"));
    }
    let parse = |letter: LetterIdJson| {
        let direction =
            letter.direction.parse().map_err(|_| "contains a direction that is neither incoming nor outgoing")?;
        Ok((direction, letter.event_id))
    };
    ids.into_iter().map(parse).collect()
}

fn outcomes(letters: Vec<(Direction, Uuid)>, settled: Vec<Result<(), SettleError>>) -> Json<Vec<Outcome>> {
    let outcome = |((direction, event_id), settled): ((Direction, Uuid), Result<(), SettleError>)| Outcome {
        direction: direction.word(),
        event_id,
        settled: settled.is_ok(),
        reason: settled.err().map(|why| why.to_string()),
    };
    Json(letters.into_iter().zip(settled).map(outcome).collect())
}
