//! Changes a cheque with an idempotency key of a user: a repeated request gets the first response again.

use super::change::{self, of_version, try_lock};
use super::open::cheque_hash;
use super::problems::no_such_cheque;
use super::visitor::Visitor;
use crate::domain::split::Split;
use crate::state::State;
use axum::response::{IntoResponse, Response};
use contracts::ids::UserId;
use http::StatusCode;
use http_api::problem::Problem;
use postgres::During;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use rabbit_outbox::Transaction;
use serde::Serialize;
use std::fmt;

/// Applies `operation` once per key and returns `respond` of the new state. `operation` returns `None` for the state if
/// nothing changes.
///
/// # Errors
/// 404 for an unknown link, 410 for an expired or deleted one, and those of `operation`.
pub(super) async fn keyed<R, J: Serialize>(
    state: &State,
    hash: &str,
    visitor: Visitor,
    scope: Option<Scope>,
    operation: impl FnOnce(&Split) -> Result<(Option<Split>, R), Problem>,
    respond: impl FnOnce(&Split, R) -> (StatusCode, J),
) -> Result<Response, Problem> {
    let hash = cheque_hash(hash)?;
    let (short, user_id) = (hash.shortened(), visitor.0.user_id.map_or(0, UserId::get));
    let what = fmt::from_fn(|f| write!(f, "a change of cheque {short} by user {user_id}"));
    for is_fetched in [false, true] {
        let mut tx = state.messaging.begin().await.during(format_args!("begin {what}"))?;
        if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope.as_ref()).await? {
            tx.rollback().await.during(format_args!("roll back repeated {what}"))?;
            return earlier.respond();
        }
        if let Some((tx, before)) = try_lock(tx, &hash, visitor).await? {
            return store(state, tx, visitor, scope.as_ref(), &before, operation, respond).await;
        }
        if !is_fetched {
            state.fetcher.fetch(&hash).await?;
        }
    }
    Err(no_such_cheque())
}

async fn store<R, J: Serialize>(
    state: &State,
    mut tx: Transaction,
    visitor: Visitor,
    scope: Option<&Scope>,
    before: &Split,
    operation: impl FnOnce(&Split) -> Result<(Option<Split>, R), Problem>,
    respond: impl FnOnce(&Split, R) -> (StatusCode, J),
) -> Result<Response, Problem> {
    let (after, result) = operation(before).map_err(|problem| of_version(problem, before.version))?;
    let after = match after {
        Some(after) => change::store(state, &mut tx, before, &after, before.participant_for(visitor.0)).await?,
        None => before.clone(),
    };
    let (status, json) = respond(&after, result);
    let body = serde_json::to_vec(&json).map_err(|error| Problem::internal(&error))?;
    let answer = StoredResponse { status, location: None, body };
    idempotency::store(&mut tx, scope, &answer).await?;
    tx.commit().await.during(format_args!("commit a change of cheque {}", after.hash.shortened()))?;
    Ok(answer.into_response())
}
