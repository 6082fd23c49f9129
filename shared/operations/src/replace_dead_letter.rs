//! `POST /operations/dead-letters/{direction}/{event_id}/replace`: publishes a letter with corrected fields as a new
//! event.

use crate::acting::Letters;
use crate::body::JsonBody;
use crate::errors::edit_problem;
use crate::letter_id::LetterId;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use axum::Json;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The contents of the new event.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = DeadLetterReplacement)]
#[expect(dead_code, reason = "this is the field of the schema; a body is read field by field")]
pub(crate) struct Replacement {
    /// All fields of the event: the member `data` of its envelope.
    #[schema(value_type = Object)]
    data: Value,
}

/// The event that replaces the letter.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterReplaced))]
pub(crate) struct Replaced {
    /// The new event's id, which differs from the letter's.
    event_id: Uuid,
}

/// Publishes a new event of the same type and key in place of the letter, with corrected fields.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/replace", tag = "operations",
    operation_id = "replaceDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    request_body = Replacement,
    responses(
        (status = 200, description = "The new event was appended to the outbox", body = Replaced),
        (status = 404, description = "No such letter", body = ProblemDocument),
        (status = 409, description = "The letter is already settled, or it contains no event", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
))]
pub(crate) async fn handler(
    Letters(letters): Letters,
    LetterId { direction, event_id }: LetterId,
    mut body: JsonBody,
) -> Result<Json<Replaced>, Problem> {
    let data = body.required("data", object);
    body.finish()?;
    let new = letters.replace(direction, event_id, &data.unwrap_or_default()).await;
    let new =
        new.map_err(|failure| edit_problem(format_args!("replace {direction} dead letter {event_id}"), &failure))?;
    Ok(Json(Replaced { event_id: new.0 }))
}

fn object(json: &str) -> Result<Value, &'static str> {
    let value: Value = serde_json::from_str(json).map_err(|_| "must be a JSON object")?;
    if value.is_object() { Ok(value) } else { Err("must be a JSON object") }
}
