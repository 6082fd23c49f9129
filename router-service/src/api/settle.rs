//! `POST /{hash}/settle`: pays the user's due to the owner, or to another participant who has paid the restaurant.

use super::change::{self, of_version};
use super::nested_body::{FieldErrors, integer};
use super::open::{cheque_hash, readable};
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::settle::{Agreed, SettleRefusal};
use crate::state::State;
use crate::store::cheques;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::{IntoResponse, Response};
use contracts::ids::{ChequeHash, TransferId, UserId};
use contracts::money::{Amount, BillAmount, BillMoney};
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use process::clock;
use rabbit_outbox::Transaction;
use serde::Serialize;
use std::fmt;
use uuid::Uuid;

/// What you agree to pay: the amount, or the version of the state that you have seen. If another amount is due, nothing
/// is paid.
#[derive(utoipa::ToSchema)]
struct Settle {
    /// Your own participant number; optional.
    #[schema(required = false)]
    participant: Option<u32>,
    /// The participant who gets it; optional if you owe only one.
    #[schema(required = false)]
    to: Option<u32>,
    /// What leaves your account: `to_transfer` of the state or, with `to`, of the plan.
    #[schema(required = false)]
    amount: Option<Amount>,
    /// The version of the state.
    #[schema(required = false)]
    version: Option<i64>,
}

/// The state, and the requested transfer.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SettlingCheque)]
struct SettlingJson {
    #[serde(flatten)]
    state: StateJson,
    transfer: TransferJson,
}

/// A requested transfer; its outcome appears in the state later.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Transfer)]
struct TransferJson {
    transfer_id: TransferId,
    amount: Amount,
    /// The user who gets it.
    to_user: UserId,
}

impl Settle {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let participant = body.optional("participant", integer(1, u32::MAX));
        let to = body.optional("to", integer(1, u32::MAX));
        let amount = body.optional("amount", Amount::from_json_number);
        let version = body.optional("version", integer(1, i64::MAX));
        body.finish()?;
        Ok(Self { participant, to, amount, version })
    }
}

/// Pays by a transfer what you owe the owner, or another participant who has paid the restaurant. Your claims, the lines and the method are fixed from now on, unless the
/// transfer fails or the money is given back.
#[utoipa::path(
    post, path = "/{hash}/settle", tag = "settlement", operation_id = "settle", request_body = Settle,
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 202, description = "Requested; the outcome appears in the state later", body = SettlingJson),
        (status = 401, description = "A guest must sign in first", body = ProblemDocument),
        (status = 404, description = "No such cheque, or another participant's due", body = ProblemDocument),
        (status = 409, description = "Another amount is due (`due_changed`, with `due`), nothing is due, or it cannot be paid now", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let user_id = visitor.0.user_id.ok_or_else(sign_in)?;
    let hash = cheque_hash(&hash)?;
    // Keys are scoped to user and route. The hash is part of the fingerprint, so a key cannot be reused for another
    // cheque.
    let request = [hash.as_str().as_bytes(), body.bytes()].concat();
    let scope = Scope::of(&headers, user_id.get(), "POST /{hash}/settle", &request)?;
    let wanted = Settle::read(body)?;
    let short = hash.shortened();
    let operation = fmt::from_fn(|f| write!(f, "settling cheque {short} for user {user_id}"));
    let mut tx = state.messaging.begin().await.during(format_args!("begin {operation}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope.as_ref()).await? {
        tx.rollback().await.during(format_args!("roll back repeated {operation}"))?;
        return earlier.respond();
    }
    let settling = settle(&state, &mut tx, &hash, visitor, user_id, &wanted).await?;
    let body = serde_json::to_vec(&settling).map_err(|error| Problem::internal(&error))?;
    let answer = StoredResponse { status: StatusCode::ACCEPTED, location: None, body };
    idempotency::store(&mut tx, scope.as_ref(), &answer).await?;
    tx.commit().await.during(format_args!("commit {operation}"))?;
    Ok(answer.into_response())
}

/// Fixes the due and requests the transfer, in the caller's transaction.
async fn settle(
    state: &State,
    tx: &mut Transaction,
    hash: &ChequeHash,
    visitor: Visitor,
    user_id: UserId,
    wanted: &Settle,
) -> Result<SettlingJson, Problem> {
    // A user who settles has joined before, so the cheque is already stored here.
    let before = readable(cheques::lock(tx, hash).await?, visitor, clock::now())?;
    let (after, requested) = before
        .settle_to(
            user_id,
            wanted.participant.map(ParticipantId),
            wanted.to.map(ParticipantId),
            agreed(wanted.amount.map(Amount::money), wanted.version),
            state.accounts.as_str(),
            TransferId(Uuid::now_v7()),
        )
        .map_err(|refusal| of_version(problem(refusal), before.version))?;
    let by = before.participant_of(user_id).map(|you| you.id);
    let after = change::store(state, tx, &before, &after, by).await?;
    tx.append(&requested, 1).map_err(|error| Problem::internal(&error))?;
    let you = after.participant_of(user_id).map(|you| you.id);
    let transfer =
        TransferJson { transfer_id: requested.transfer_id, amount: requested.amount, to_user: requested.to_user };
    Ok(SettlingJson { state: StateJson::of(&after, you), transfer })
}

/// Maps a refusal to a problem document.
pub(super) fn problem(refusal: SettleRefusal) -> Problem {
    let code = match refusal {
        SettleRefusal::NotYou => return no_such_participant(),
        SettleRefusal::NotHere => "join_first",
        SettleRefusal::Owner => "owner_owes_nothing",
        SettleRefusal::Pending => "settlement_pending",
        SettleRefusal::Settled => "settled_already",
        SettleRefusal::NotPayable => "not_payable",
        SettleRefusal::NothingDue => "nothing_due",
        SettleRefusal::TooLarge => "amount_too_large",
        SettleRefusal::NotAgreed { due } => {
            let problem = Problem::new(StatusCode::CONFLICT, "due_changed", refusal.to_string());
            return problem.with_member("due", number(due));
        }
        SettleRefusal::NotWhole(_) => return FieldErrors::one("/amount", &refusal.to_string()),
        SettleRefusal::NotTransferable { .. } => "too_many_decimals",
        SettleRefusal::NoRate => "rate_missing",
        SettleRefusal::InGroup => "in_group",
        SettleRefusal::TooMuch => "refund_first",
        SettleRefusal::SeveralReceivers => "receiver_missing",
        SettleRefusal::NoAccount => "no_account_here",
        SettleRefusal::AdvancesExceedTotal => "advances_exceed_total",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}

/// Reads what the client has paid outside the app, in the currency of the bill.
pub(super) fn read_agreement(body: &mut JsonBody) -> Agreed<BillMoney> {
    let amount = body.optional("amount", BillAmount::from_json_number);
    let version = body.optional("version", integer(1, i64::MAX));
    agreed(amount.map(BillAmount::money), version)
}

/// The amount is more exact than the version.
fn agreed<M>(amount: Option<M>, version: Option<i64>) -> Agreed<M> {
    match (amount, version) {
        (Some(amount), _) => Agreed::Amount(amount),
        (None, Some(version)) => Agreed::Version(version),
        (None, None) => Agreed::Nothing,
    }
}

/// An amount as a member of a problem document, with its decimals.
pub(super) fn number(money: BillMoney) -> serde_json::Value {
    serde_json::to_value(money).unwrap_or_default()
}

pub(super) fn no_such_participant() -> Problem {
    Problem::not_found("participant_not_found", SettleRefusal::NotYou.to_string())
}

fn sign_in() -> Problem {
    let detail = "only users can transfer money: sign in, your claims are kept";
    Problem::new(StatusCode::UNAUTHORIZED, "sign_in_to_settle", detail)
}
