//! `POST /{hash}/participants/{id}/reported/confirmation`: the receiver or the owner confirms a payment outside the app.

use super::change::change;
use super::open::participant_number;
use super::report_payment::{problem, require_receiver};
use super::visitor::Visitor;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::{Json, extract};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};

/// Confirms what a participant said they have paid: exactly that amount is recorded. A repeat is refused, because then
/// nothing is reported any more.
#[utoipa::path(
    post, path = "/{hash}/participants/{id}/reported/confirmation", tag = "participants",
    operation_id = "confirmReportedPayment", security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 200, description = "Recorded as paid; the new state of the cheque", body = StateJson),
        (status = 404, description = "No such cheque or participant, or not your concern", body = ProblemDocument),
        (status = 409, description = "Nothing is reported, or another amount is due by now (`due_changed`, with `due`)", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
) -> Result<Json<StateJson>, Problem> {
    let id = participant_number(&id);
    let split = change(&state, &hash, visitor, |split| {
        require_receiver(split, visitor, id)?;
        split.confirm_report(id).map(Some).map_err(problem)
    })
    .await?;
    Ok(Json(StateJson::of(&split, split.participant_for(visitor.0))))
}
