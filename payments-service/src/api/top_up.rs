//! `POST /account/topup`: adds money to the account.

use super::account_json::ToppedUpJson;
use crate::domain::ledger::Movement;
use crate::state::State;
use crate::store;
use axum::extract;
use axum::response::{IntoResponse, Response};
use contracts::ids::{TransactionId, UserId};
use contracts::money::Amount;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use postgres::{During, StoreError};
use rabbit_outbox::Transaction;
use uuid::Uuid;

/// The request body.
#[derive(utoipa::ToSchema)]
struct TopUp {
    amount: Amount,
}

impl TopUp {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let amount = body.required("amount", Amount::from_json_number);
        body.finish()?;
        // `finish` has rejected every body whose amount is invalid.
        let amount = amount.ok_or_else(|| Problem::invalid_json("the amount could not be read"))?;
        Ok(Self { amount })
    }
}

/// Adds money to the account, and opens it if needed.
#[utoipa::path(
    post, path = "/account/topup", tag = "payments", operation_id = "topUp", request_body = TopUp,
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "A repeated request with the same key and body gets the first response.",
    )),
    responses(
        (status = 200, description = "Added", body = ToppedUpJson),
        (status = 409, description = "The first request with this key is still running", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let scope = Scope::of(&headers, user_id.get(), "POST /account/topup", body.bytes())?;
    let request = TopUp::read(body)?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin a top-up of user {user_id}"))?;
    if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope.as_ref()).await? {
        tx.rollback().await.during(format_args!("roll back a repeated top-up of user {user_id}"))?;
        return earlier.respond();
    }
    let id = TransactionId(Uuid::now_v7());
    let movement = Movement::topup(id, user_id, request.amount, scope.as_ref().map(Scope::key));
    let topped_up = top_up(&mut tx, user_id, &movement).await?;
    let body = serde_json::to_vec(&topped_up).map_err(|error| Problem::internal(&error))?;
    let answer = StoredResponse { status: StatusCode::OK, location: None, body };
    idempotency::store(&mut tx, scope.as_ref(), &answer).await?;
    tx.commit().await.during(format_args!("commit top-up {id} of user {user_id}"))?;
    Ok(answer.into_response())
}

/// Credits the account and records the movement, in the caller's transaction.
async fn top_up(tx: &mut Transaction, user_id: UserId, movement: &Movement) -> Result<ToppedUpJson, Problem> {
    let balance = store::accounts::credit(tx, user_id, movement.amount).await?.ok_or_else(too_large)?;
    store::ledger::insert(tx, movement, None, Some(balance)).await.map_err(to_problem)?;
    Ok(ToppedUpJson { user_id, balance, transaction_id: movement.id })
}

fn too_large() -> Problem {
    let detail = "the balance would exceed the maximum of an account";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "balance_too_large", detail)
}

/// Maps the constraint that concerns the client to a problem; other failures are database errors.
fn to_problem(failure: StoreError) -> Problem {
    match failure.constraint() {
        Some("ledger_happens_once") => {
            let detail = "an earlier top-up used this Idempotency-Key";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
        }
        _ => failure.into(),
    }
}
