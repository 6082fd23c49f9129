//! `POST` and `DELETE /{hash}/participants/{id}/reported`: a participant says that they have paid outside the app, or takes
//! it back; the receiver or the owner declines.

use super::change::change;
use super::nested_body::{integer, name};
use super::open::participant_number;
use super::pay_cash;
use super::settle::{self, no_such_participant, read_agreement};
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::report::ReportRefusal;
use crate::domain::split::Split;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use contracts::money::BillAmount;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// What you have paid: the amount, or the version of the state that you have seen. If another amount is due, it is refused.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct ReportPayment {
    /// The amount in the currency of the bill.
    #[schema(required = false)]
    amount: Option<BillAmount>,
    /// The version of the state.
    #[schema(required = false)]
    version: Option<i64>,
    /// The participant who has received it; optional if you owe only one.
    #[schema(required = false)]
    to: Option<u32>,
    /// 1 to 100 characters.
    #[schema(required = false)]
    note: Option<String>,
}

/// Says that you have paid outside the app. It counts as not paid until the receiver or the owner confirms it. Repeating it
/// changes nothing.
#[utoipa::path(
    post, path = "/{hash}/participants/{id}/reported", tag = "participants", operation_id = "reportPayment",
    request_body = ReportPayment, security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "You"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 200, description = "Noted; the new state of the cheque", body = StateJson),
        (status = 401, description = "Unknown visitor", body = ProblemDocument),
        (status = 404, description = "No such cheque, or another participant", body = ProblemDocument),
        (status = 409, description = "Another amount is due (`due_changed`, with `due`), or nothing can be paid now", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn post(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
    mut body: JsonBody,
) -> Result<Json<StateJson>, Problem> {
    let id = participant_number(&id);
    let agreed = read_agreement(&mut body);
    let to = body.optional("to", integer(1, u32::MAX)).map(ParticipantId);
    let note = body.optional("note", name(100));
    body.finish()?;
    let split = change(&state, &hash, visitor, |split| {
        if visitor.participant(split)? != id {
            return Err(no_such_participant());
        }
        split.report(id, to, agreed, note).map_err(pay_cash::problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

/// Takes back what you said you have paid, or declines what another participant said they have paid you.
#[utoipa::path(
    delete, path = "/{hash}/participants/{id}/reported", tag = "participants", operation_id = "dropReportedPayment",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 200, description = "Dropped; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque or participant, or not your concern", body = ProblemDocument),
        (status = 409, description = "Nothing is reported", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
) -> Result<Json<StateJson>, Problem> {
    let id = participant_number(&id);
    let split = change(&state, &hash, visitor, |split| {
        if split.participant_for(visitor.0) != Some(id) {
            require_receiver(split, visitor, id)?;
        }
        split.drop_report(id).map(Some).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}

/// Requires the visitor to be the owner, or the one who is said to have received the money.
///
/// # Errors
/// 404 for others; 409 if nothing is reported.
pub(super) fn require_receiver(split: &Split, visitor: Visitor, id: ParticipantId) -> Result<(), Problem> {
    let you = split.participant_for(visitor.0).ok_or_else(no_such_participant)?;
    let receiver = split.report_of(id).map_err(problem)?.to;
    if you == ParticipantId::OWNER || you == receiver { Ok(()) } else { Err(no_such_participant()) }
}

pub(super) fn problem(refusal: ReportRefusal) -> Problem {
    match refusal {
        ReportRefusal::NoSuchParticipant => no_such_participant(),
        ReportRefusal::NothingReported => Problem::new(StatusCode::CONFLICT, "nothing_reported", refusal.to_string()),
        ReportRefusal::Settle(refusal) => settle::problem(refusal),
    }
}
