//! `PUT` and `DELETE /{hash}/claims/{line}`: claims a part of a line, or releases it.

use super::change::change;
use super::nested_body::{FieldErrors, integer};
use super::visitor::Visitor;
use crate::domain::claim::ClaimRefusal;
use crate::domain::fraction::{Fraction, FractionError};
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use serde_json::json;

/// Largest denominator of a claimed part: one hundredth is the finest part.
const DENOMINATOR_MAX: u64 = 100;

/// A part of a line: `numerator / denominator`, at most the whole line.
#[derive(utoipa::ToSchema)]
#[schema(as = ClaimedPart)]
pub(super) struct Claim {
    /// 0 releases the line.
    #[schema(minimum = 0, maximum = 100)]
    numerator: u64,
    #[schema(minimum = 1, maximum = 100)]
    denominator: u64,
}

impl Claim {
    pub(super) fn read(mut body: JsonBody) -> Result<Fraction, Problem> {
        let claim = body
            .required("numerator", integer(0, DENOMINATOR_MAX))
            .zip(body.required("denominator", integer(1, DENOMINATOR_MAX)))
            .map(|(numerator, denominator)| Self { numerator, denominator });
        let mut errors = FieldErrors::default();
        let part = claim.and_then(|Self { numerator, denominator }| {
            let part = Fraction::new(numerator, denominator);
            part.map_err(|error| match error {
                FractionError::MoreThanWhole { .. } => errors.add("/numerator", &error),
                FractionError::ZeroDenominator => errors.add("/denominator", &error),
            })
            .ok()
        });
        errors.finish(body)?;
        // `finish` has already rejected every body without a valid part.
        part.ok_or_else(|| Problem::invalid_json("the part could not be read"))
    }
}

/// Claims a part of a line. It replaces the part that you claimed before.
#[utoipa::path(
    put, path = "/{hash}/claims/{line}", tag = "claims", operation_id = "claimLine", request_body = Claim,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("line" = u32, Path, description = "The number of the line"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 200, description = "Claimed; the new state of the cheque", body = StateJson),
        (status = 404, description = "The cheque or the line does not exist", body = ProblemDocument),
        (status = 409, description = "Too little is left, or you have not joined, or have settled", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn put(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, line)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let part = Claim::read(body)?;
    claim(&state, visitor, &hash, &line, part).await
}

/// Releases your part of a line.
#[utoipa::path(
    delete, path = "/{hash}/claims/{line}", tag = "claims", operation_id = "giveLineBack",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("line" = u32, Path, description = "The number of the line"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 200, description = "No longer claimed; the new state of the cheque", body = StateJson),
        (status = 404, description = "The cheque or the line does not exist", body = ProblemDocument),
        (status = 409, description = "You have not joined, or you have settled", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, line)): Path<(String, String)>,
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
    let split = change(state, hash, visitor, |split| {
        let who = visitor.participant(split)?;
        // Line numbers start at 1, so 0 stands for text that is not a number: no such line.
        let line = line.parse().unwrap_or(0);
        split.claim(who, line, part).map_err(|refusal| problem(&refusal))
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

pub(super) fn problem(refusal: &ClaimRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        ClaimRefusal::NoSuchLine => Problem::not_found("line_not_found", detail),
        ClaimRefusal::NotClaimable => Problem::new(StatusCode::CONFLICT, "line_not_claimable", detail),
        ClaimRefusal::NegativeFixed => Problem::new(StatusCode::CONFLICT, "settlement_started", detail),
        ClaimRefusal::SettledAlready => Problem::new(StatusCode::CONFLICT, "settled_already", detail),
        ClaimRefusal::LineTaken { left } => Problem::new(StatusCode::CONFLICT, "line_taken", detail)
            .with_member("left", json!({ "numerator": left.numerator(), "denominator": left.denominator() })),
        ClaimRefusal::TooFine => FieldErrors::one("/denominator", &detail),
    }
}
