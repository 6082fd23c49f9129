//! `PUT /{hash}/lines/{line}/negative`: the owner says who gets a negative line.

use super::change::change;
use super::nested_body::{FieldErrors, integer};
use super::visitor::Visitor;
use crate::domain::negative::Negative;
use crate::domain::set_negative::NegativeRefusal;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// Who gets a negative line when the cheque is split by items.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct SetNegative {
    /// `proportion`: a discount for all; `line`: for those who claim the line `takes_back`; `claimed`: for those who claim it.
    applies: String,
    /// For `line`: the line that it takes back.
    #[schema(required = false)]
    takes_back: Option<u32>,
}

/// Says who gets a negative line: something that was taken back, a returned deposit, or a printed discount.
#[utoipa::path(
    put, path = "/{hash}/lines/{line}/negative", tag = "cheques", operation_id = "setNegativeLine",
    request_body = SetNegative, security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("line" = u32, Path, description = "The number of the line"),
    ),
    responses(
        (status = 200, description = "Changed; the new state of the cheque", body = StateJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "No such cheque or line, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "A participant has settled", body = ProblemDocument),
        (status = 422, description = "A field is invalid, or the line is not negative", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, line)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let negative = read(body)?;
    let split = change(&state, &hash, visitor, |split| {
        visitor.require_owner(split)?;
        // Line numbers start at 1, so 0 stands for text that is not a number: no such line.
        split.set_negative(line.parse().unwrap_or(0), negative).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

fn read(mut body: JsonBody) -> Result<Option<Negative>, Problem> {
    let applies = body.required("applies", |json| match serde_json::from_str(json) {
        Ok("proportion") => Ok(None),
        Ok("line") => Ok(Some(Negative::Line(0))),
        Ok("claimed") => Ok(Some(Negative::Claimed)),
        Ok(_) | Err(_) => Err("must be proportion, line or claimed"),
    });
    // A line that does not belong to the answer stays in the body, and `finish` rejects it as unknown.
    let applies = match applies {
        Some(Some(Negative::Line(_))) => {
            body.required("takes_back", integer(1, u32::MAX)).map(|target| Some(Negative::Line(target)))
        }
        other => other,
    };
    body.finish()?;
    applies.ok_or_else(|| Problem::invalid_json("the answer could not be read"))
}

fn problem(refusal: NegativeRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        NegativeRefusal::SettlementStarted => Problem::new(StatusCode::CONFLICT, "settlement_started", detail),
        NegativeRefusal::NoSuchLine => Problem::not_found("line_not_found", detail),
        NegativeRefusal::NotNegative => FieldErrors::one("/applies", &detail),
        NegativeRefusal::NoSuchTarget => FieldErrors::one("/takes_back", &detail),
    }
}
