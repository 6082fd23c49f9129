//! `POST /operations/dead-letters/replay-selected` and `/discard-selected`: letters that are named are decided about.

use crate::body::JsonBody;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use axum::Json;
use axum::extract::State;
use rabbit_outbox::Messaging;
use rabbit_outbox::dead_letters::{Direction, SettleError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Letters that one request names.
const NAMED_MAX: usize = 500;

/// One letter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterName))]
pub(crate) struct Named {
    /// `incoming` or `outgoing`.
    direction: String,
    /// The event's id.
    event_id: Uuid,
}

/// Which letters.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = DeadLetterNames)]
#[expect(dead_code, reason = "this is the field of the schema; a body is read field by field")]
pub(crate) struct Names {
    /// 1 to 500 of them.
    #[schema(min_items = 1, max_items = 500)]
    letters: Vec<Named>,
}

/// What became of one letter.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterOutcome))]
pub(crate) struct Outcome {
    direction: &'static str,
    event_id: Uuid,
    /// Whether it was settled by this request.
    settled: bool,
    /// Why it was not, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Sends the letters that are named on their way again; says what became of each, in their order.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/replay-selected", tag = "operations",
    operation_id = "replaySelectedDeadLetters", request_body = Names,
    responses(
        (status = 200, body = Vec<Outcome>),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
))]
pub(crate) async fn replay(State(messaging): State<Messaging>, body: JsonBody) -> Result<Json<Vec<Outcome>>, Problem> {
    let letters = read(body)?;
    let settled = messaging.dead_letters().replay_selected(&letters).await?;
    Ok(outcomes(letters, settled))
}

/// Puts the letters that are named away; says what became of each, in their order.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/discard-selected", tag = "operations",
    operation_id = "discardSelectedDeadLetters", request_body = Names,
    responses(
        (status = 200, body = Vec<Outcome>),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
))]
pub(crate) async fn discard(State(messaging): State<Messaging>, body: JsonBody) -> Result<Json<Vec<Outcome>>, Problem> {
    let letters = read(body)?;
    let settled = messaging.dead_letters().discard_selected(&letters).await?;
    Ok(outcomes(letters, settled))
}

fn read(mut body: JsonBody) -> Result<Vec<(Direction, Uuid)>, Problem> {
    let letters = body.required("letters", named);
    body.finish()?;
    Ok(letters.unwrap_or_default())
}

fn named(json: &str) -> Result<Vec<(Direction, Uuid)>, String> {
    let named: Vec<Named> = serde_json::from_str(json)
        .map_err(|_| "must be a list of objects with direction and event_id, and nothing else".to_owned())?;
    if named.is_empty() || named.len() > NAMED_MAX {
        return Err(format!("must name 1 to {NAMED_MAX} letters"));
    }
    let read = |letter: Named| {
        let direction = letter.direction.parse().map_err(|_| "names a direction that is not incoming or outgoing")?;
        Ok((direction, letter.event_id))
    };
    named.into_iter().map(read).collect()
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
