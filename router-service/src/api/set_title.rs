//! `PUT /{hash}/title`: the owner names the bill.

use super::change::change;
use super::title_fields::{merchant, purchased_on};
use super::visitor::Visitor;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::title::Title;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// What the bill is called from now on. What is omitted or null is unknown from now on.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct SetTitle {
    /// The restaurant or shop, in 1 to 80 characters.
    #[schema(required = false)]
    merchant: Option<String>,
    /// The day of the purchase.
    #[schema(required = false, value_type = Option<String>, format = Date)]
    purchased_on: Option<time::Date>,
}

/// Names the bill: where and when something was bought. This changes no due, so it is possible after money has moved too.
#[utoipa::path(
    put, path = "/{hash}/title", tag = "cheques", operation_id = "setTitle", request_body = SetTitle,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(("hash" = String, Path, description = "The key of the share link")),
    responses(
        (status = 200, description = "Changed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "The cheque does not exist or belongs to another user", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    mut body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let title = Title {
        merchant: body.optional("merchant", merchant),
        purchased_on: body.optional("purchased_on", purchased_on),
    };
    body.finish()?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        Ok(split.set_title(title))
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
