//! `POST /{hash}/participants/{id}/refund`: the owner, or another participant who has got money, gives it back.

use super::change::{self, of_version};
use super::nested_body::FieldErrors;
use super::open::{cheque_hash, participant_number, readable};
use super::settle;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::refund::{Means, RefundRefusal};
use crate::domain::split::Split;
use crate::state::State;
use crate::store::cheques;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::{IntoResponse, Response};
use contracts::ids::{ChequeHash, TransferId};
use contracts::money::BillAmount;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::unauthenticated;
use postgres::During;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use process::clock;
use rabbit_outbox::Transaction;
use std::fmt;
use uuid::Uuid;

/// What to give back, and how.
#[derive(utoipa::ToSchema)]
#[schema(as = GiveBack)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct Refund {
    /// What the participant is owed, or all that they have paid; in the currency of the bill.
    amount: BillAmount,
    /// `balance`: by a transfer from your balance; `cash`: outside the app.
    means: String,
}

/// Gives money back to a participant: what they are owed after a change, or all that they have paid. If several participants
/// have paid the restaurant, each gives back all that they got from the participant.
#[utoipa::path(
    post, path = "/{hash}/participants/{id}/refund", tag = "settlement", operation_id = "refund", request_body = Refund,
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("id" = u32, Path, description = "The participant"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 200, description = "Given back in cash; the new state of the cheque", body = StateJson),
        (status = 202, description = "Requested; the outcome appears in the state later", body = StateJson),
        (status = 404, description = "No such cheque or participant, or another user's cheque", body = ProblemDocument),
        (status = 409, description = "Another amount was paid or is owed (`refund_changed`, with `owed` and `paid`), or it cannot be given back now", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path((hash, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let user_id = visitor.0.user_id.ok_or_else(|| unauthenticated("only the owner can give money back: sign in"))?;
    let hash = cheque_hash(&hash)?;
    let request = [hash.as_str().as_bytes(), b"/", id.as_bytes(), b"/", body.bytes()].concat();
    let scope = Scope::of(&headers, user_id.get(), "POST /{hash}/participants/{id}/refund", &request)?;
    let (amount, means) = read(body)?;
    let short = hash.shortened();
    let operation = fmt::from_fn(|f| write!(f, "giving money back to participant {id} of cheque {short}"));
    let mut tx = state.messaging.begin().await.during(format_args!("begin {operation}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope.as_ref()).await? {
        tx.rollback().await.during(format_args!("roll back repeated {operation}"))?;
        return earlier.respond();
    }
    let (refunded, status) = refund(&state, &mut tx, &hash, visitor, participant_number(&id), amount, means).await?;
    let body = serde_json::to_vec(&refunded).map_err(|error| Problem::internal(&error))?;
    let answer = StoredResponse { status, location: None, body };
    idempotency::store(&mut tx, scope.as_ref(), &answer).await?;
    tx.commit().await.during(format_args!("commit {operation}"))?;
    Ok(answer.into_response())
}

fn read(mut body: JsonBody) -> Result<(BillAmount, Means), Problem> {
    let amount = body.required("amount", BillAmount::from_json_number);
    let means = body.required("means", |json| match serde_json::from_str(json) {
        Ok("balance") => Ok(Means::Balance { conversion: None }),
        Ok("cash") => Ok(Means::Cash),
        Ok(_) | Err(_) => Err("must be balance or cash"),
    });
    body.finish()?;
    // `finish` has already rejected every body without both.
    amount.zip(means).ok_or_else(|| Problem::invalid_json("the refund could not be read"))
}

/// Records the refund, and requests its transfer, in the caller's transaction.
async fn refund(
    state: &State,
    tx: &mut Transaction,
    hash: &ChequeHash,
    visitor: Visitor,
    id: ParticipantId,
    amount: BillAmount,
    means: Means,
) -> Result<(StateJson, StatusCode), Problem> {
    // A participant who has paid has joined before, so the cheque is already stored here.
    let before = readable(cheques::lock(tx, hash).await?, visitor, clock::now())?;
    let you = giver(&before, visitor)?;
    let means = match means {
        Means::Balance { .. } => Means::Balance { conversion: before.conversion_to(state.accounts.as_str()) },
        Means::Cash => means,
    };
    let (after, requested) = before
        .refund_by(you, id, amount.money(), means, TransferId(Uuid::now_v7()))
        .map_err(|refusal| of_version(problem(refusal), before.version))?;
    let after = change::store(state, tx, &before, &after, Some(ParticipantId::OWNER)).await?;
    let status = match requested {
        Some(requested) => {
            tx.append(&requested, 1).map_err(|error| Problem::internal(&error))?;
            StatusCode::ACCEPTED
        }
        None => StatusCode::OK,
    };
    Ok((StateJson::of(&after, after.participant_for(visitor.0)), status))
}

/// Who gives back: the owner, or any participant if several have paid the restaurant.
fn giver(split: &Split, visitor: Visitor) -> Result<ParticipantId, Problem> {
    if !split.has_several_payers() {
        visitor.require_owner(split)?;
    }
    split.participant_for(visitor.0).ok_or_else(settle::no_such_participant)
}

/// Maps a refusal to a problem document.
pub(super) fn problem(refusal: RefundRefusal) -> Problem {
    let code = match refusal {
        RefundRefusal::NoSuchParticipant => return settle::no_such_participant(),
        RefundRefusal::Pending => "settlement_pending",
        RefundRefusal::NothingToGiveBack => "nothing_to_give_back",
        RefundRefusal::OtherAmount { .. } => "refund_changed",
        RefundRefusal::NotWhole(_) => return FieldErrors::one("/amount", &refusal.to_string()),
        RefundRefusal::NotTransferable => "too_many_decimals",
        RefundRefusal::NoRate => "rate_missing",
        RefundRefusal::TooMuch => "refund_first",
        RefundRefusal::InGroup => "in_group",
        RefundRefusal::Guest => "guest_has_no_balance",
    };
    let problem = Problem::new(StatusCode::CONFLICT, code, refusal.to_string());
    match refusal {
        RefundRefusal::OtherAmount { owed, paid } => {
            problem.with_member("owed", settle::number(owed)).with_member("paid", settle::number(paid))
        }
        _ => problem,
    }
}
