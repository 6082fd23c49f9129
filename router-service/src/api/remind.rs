//! `POST /{hash}/participants/{id}/reminders`: reminds a participant who has not paid.

use super::keyed::keyed;
use super::open::participant_number;
use super::settle::no_such_participant;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::remind::RemindRefusal;
use crate::domain::split::Split;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::Response;
use contracts::money::BillMoney;
use http::{HeaderMap, StatusCode};
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::unauthenticated;
use postgres::idempotency::Scope;
use process::clock;
use serde::Serialize;

/// What to write to the participant, and the state.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Reminder)]
struct ReminderJson {
    #[serde(flatten)]
    state: StateJson,
    /// The parts of the text.
    reminder: TextJson,
}

/// The parts of a reminder's text; the client writes it in the language of its user.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ReminderText)]
struct TextJson {
    /// The participant.
    participant: u32,
    /// Their name.
    name: Option<String>,
    /// What they have to pay you; to the owner everything that they have to pay, to whomever.
    amount: BillMoney,
    /// The currency of the bill.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The address of the bill.
    link: String,
}

/// Notes that you remind a participant who has not paid, and answers with what to write to them. Within a minute, a further
/// reminder does not count.
#[utoipa::path(
    post, path = "/{hash}/participants/{id}/reminders", tag = "participants", operation_id = "remind",
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 200, description = "Noted; what to write, and the new state of the cheque", body = ReminderJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "No such cheque or participant, or you have not joined", body = ProblemDocument),
        (status = 409, description = "They owe you nothing, or nothing can be paid now", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let user_id = visitor.0.user_id.ok_or_else(|| unauthenticated("only users can remind others: sign in"))?;
    let request = [hash.as_bytes(), b"/", id.as_bytes()].concat();
    let scope = Scope::of(&headers, user_id.get(), "POST /{hash}/participants/{id}/reminders", &request)?;
    let id = participant_number(&id);
    keyed(
        &state,
        &hash,
        visitor,
        scope,
        |split| {
            let you = split.participant_for(visitor.0).ok_or_else(no_such_participant)?;
            let reminder = split.remind(id, you, clock::now()).map_err(problem)?;
            Ok((reminder.split, reminder.amount))
        },
        |split, amount| {
            let reminder = text(split, id, amount, &state.share_base_url);
            let state = StateJson::of(split, split.participant_for(visitor.0));
            (StatusCode::OK, ReminderJson { state, reminder })
        },
    )
    .await
}

fn text(split: &Split, id: ParticipantId, amount: BillMoney, share_base_url: &str) -> TextJson {
    TextJson {
        participant: id.0,
        name: split.participant(id).and_then(|one| one.name.clone()),
        amount,
        currency: split.cheque.currency.clone(),
        link: format!("{share_base_url}/small-router/{}", split.hash),
    }
}

fn problem(refusal: RemindRefusal) -> Problem {
    let code = match refusal {
        RemindRefusal::NoSuchParticipant => return no_such_participant(),
        RemindRefusal::Pending => "settlement_pending",
        RemindRefusal::NotPayable => "not_payable",
        RemindRefusal::NothingDue => "nothing_due",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}
