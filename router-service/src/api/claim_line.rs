//! `PUT` and `DELETE /{hash}/claims/{line}`: takes a part of a line, or gives it back.

use super::change::change;
use super::reading::{Faults, integer};
use super::visitor::Visitor;
use crate::domain::claim::ClaimRefusal;
use crate::domain::fraction::{Fraction, FractionError};
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use chassis::body::JsonBody;
use chassis::problem::{Problem, ProblemDocument};
use http::StatusCode;
use serde_json::json;

/// Finest part of a line that can be taken: one hundredth.
const DENOMINATOR_MAX: u64 = 100;

/// A part of a line: `numerator / denominator` of it, at most the whole.
#[derive(utoipa::ToSchema)]
struct Claim {
    /// 0 gives the line back.
    #[schema(minimum = 0, maximum = 100)]
    numerator: u64,
    #[schema(minimum = 1, maximum = 100)]
    denominator: u64,
}

impl Claim {
    fn read(mut body: JsonBody) -> Result<Fraction, Problem> {
        let claim = body
            .required("numerator", integer(0, DENOMINATOR_MAX))
            .zip(body.required("denominator", integer(1, DENOMINATOR_MAX)))
            .map(|(numerator, denominator)| Self { numerator, denominator });
        let mut faults = Faults::default();
        let part = claim.and_then(|Self { numerator, denominator }| {
            let part = Fraction::new(numerator, denominator);
            part.map_err(|error| match error {
                FractionError::MoreThanWhole { .. } => faults.add("/numerator", &error),
                FractionError::ZeroDenominator => faults.add("/denominator", &error),
            })
            .ok()
        });
        faults.finish(body)?;
        // `finish` has refused every body that is no part of a line.
        part.ok_or_else(|| Problem::invalid_json("the part could not be read"))
    }
}

/// Takes a part of a line, instead of what one had of it.
#[utoipa::path(
    put, path = "/{hash}/claims/{line}", tag = "claims", operation_id = "claimLine", request_body = Claim,
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("line" = u32, Path, description = "The number of the line"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret of who joined as a guest"),
    ),
    responses(
        (status = 200, body = StateJson),
        (status = 404, description = "No such cheque or line", body = ProblemDocument),
        (status = 409, description = "Less is left, or you have not joined, or have settled", body = ProblemDocument),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
)]
pub(super) async fn put(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    extract::Path((hash, line)): extract::Path<(String, String)>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let part = Claim::read(body)?;
    claim(&state, visitor, &hash, &line, part).await
}

/// Gives back what one took of a line.
#[utoipa::path(
    delete, path = "/{hash}/claims/{line}", tag = "claims", operation_id = "giveLineBack",
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("line" = u32, Path, description = "The number of the line"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret of who joined as a guest"),
    ),
    responses(
        (status = 200, body = StateJson),
        (status = 404, description = "No such cheque or line", body = ProblemDocument),
        (status = 409, description = "You have not joined, or have settled", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    extract::Path((hash, line)): extract::Path<(String, String)>,
) -> Result<Json<StateJson>, Problem> {
    claim(&state, visitor, &hash, &line, Fraction::ZERO).await
}

async fn claim(
    state: &State,
    visitor: Visitor,
    hash: &str,
    line: &str,
    part: Fraction,
) -> Result<Json<StateJson>, Problem> {
    let split = change(state, hash, |split| {
        let who = visitor.participant(split)?;
        // What is no number is no line either; lines are counted from 1.
        let line = line.parse().unwrap_or(0);
        split.claim(who, line, part).map_err(|refusal| problem(&refusal))
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.known(visitor.0))))
}

fn problem(refusal: &ClaimRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        ClaimRefusal::NoSuchLine => Problem::not_found("line_not_found", detail),
        ClaimRefusal::SettledAlready => Problem::new(StatusCode::CONFLICT, "settled_already", detail),
        ClaimRefusal::LineTaken { left } => Problem::new(StatusCode::CONFLICT, "line_taken", detail)
            .with_member("left", json!({ "numerator": left.numerator(), "denominator": left.denominator() })),
        ClaimRefusal::TooFine => Faults::one("/denominator", &detail),
    }
}
