//! `POST /operations/dead-letters/{direction}/{event_id}/replace`: a letter with corrected fields becomes a new event.

use crate::address::Address;
use crate::body::JsonBody;
use crate::problem::Problem;
#[cfg(feature = "openapi")]
use crate::problem::ProblemDocument;
use crate::refusals::editing;
use axum::Json;
use axum::extract::State;
use rabbit_outbox::Messaging;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// What the new event says.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(as = DeadLetterReplacement)]
#[expect(dead_code, reason = "this is the field of the schema; a body is read field by field")]
pub(crate) struct Replacement {
    /// All fields of the event, as its type has them: the member `data` of its envelope.
    #[schema(value_type = Object)]
    data: Value,
}

/// The event that was published instead.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeadLetterReplaced))]
pub(crate) struct Replaced {
    /// Its id: another one than the letter's.
    event_id: Uuid,
}

/// Publishes other fields as a new event of the same type and key in place of the letter's.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/operations/dead-letters/{direction}/{event_id}/replace", tag = "operations",
    operation_id = "replaceDeadLetter",
    params(("direction" = String, Path, description = "`incoming` or `outgoing`"), ("event_id" = uuid::Uuid, Path)),
    request_body = Replacement,
    responses(
        (status = 200, description = "The new event is on its way", body = Replaced),
        (status = 404, description = "There is no such letter", body = ProblemDocument),
        (status = 409, description = "Somebody decided already, or it holds no event", body = ProblemDocument),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
))]
pub(crate) async fn handler(
    State(messaging): State<Messaging>,
    Address { direction, event_id }: Address,
    mut body: JsonBody,
) -> Result<Json<Replaced>, Problem> {
    let data = body.required("data", object);
    body.finish()?;
    let new =
        messaging.dead_letters().replace(direction, event_id, &data.unwrap_or_default()).await.map_err(editing)?;
    Ok(Json(Replaced { event_id: new.0 }))
}

fn object(json: &str) -> Result<Value, &'static str> {
    let value: Value = serde_json::from_str(json).map_err(|_| "must be a JSON object")?;
    if value.is_object() { Ok(value) } else { Err("must be a JSON object") }
}
