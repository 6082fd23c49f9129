//! Changes a shared cheque: lock it, apply the change, store it, notify the sockets.

use super::open::{cheque_hash, readable};
use super::problems::no_such_cheque;
use super::visitor::Visitor;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::state::State;
use crate::store::cheques;
use contracts::ids::ChequeHash;
use http::StatusCode;
use http_api::problem::Problem;
use postgres::{During, StoreError};
use process::clock;
use rabbit_outbox::Transaction;

/// Applies `operation` to the cheque, which returns the new state, or `None` if nothing changes. Returns the resulting
/// state.
///
/// # Errors
/// Those of [`lock`] and of `operation`. A conflict carries the version of the state it refers to.
pub(super) async fn change(
    state: &State,
    hash: &str,
    visitor: Visitor,
    operation: impl FnOnce(&Split) -> Result<Option<Split>, Problem>,
) -> Result<Split, Problem> {
    let (mut tx, before) = lock(state, hash, visitor).await?;
    let Some(after) = operation(&before).map_err(|problem| of_version(problem, before.version))? else {
        tx.rollback().await.during(format_args!("roll back without a change of cheque {}", before.hash.shortened()))?;
        return Ok(before);
    };
    let after = store(state, &mut tx, &before, &after, before.participant_for(visitor.0)).await?;
    tx.commit().await.during(format_args!("commit a change of cheque {}", after.hash.shortened()))?;
    Ok(after)
}

/// Begins a transaction that locks the cheque; a cheque that is not stored here yet is fetched first.
///
/// # Errors
/// 404 for an unknown link, 410 for an expired or deleted one, and those of fetching.
pub(super) async fn lock(state: &State, hash: &str, visitor: Visitor) -> Result<(Transaction, Split), Problem> {
    let hash = cheque_hash(hash)?;
    if let Some(locked) = try_lock(begin(state, &hash).await?, &hash, visitor).await? {
        return Ok(locked);
    }
    // No transaction is open while waiting for the cheque.
    state.fetcher.fetch(&hash).await?;
    try_lock(begin(state, &hash).await?, &hash, visitor).await?.ok_or_else(no_such_cheque)
}

/// Locks the cheque in this transaction, which is rolled back if the cheque is not stored here yet.
///
/// # Errors
/// 410 for an expired or deleted cheque.
pub(super) async fn try_lock(
    mut tx: Transaction,
    hash: &ChequeHash,
    visitor: Visitor,
) -> Result<Option<(Transaction, Split)>, Problem> {
    match cheques::lock(&mut tx, hash).await? {
        None => {
            tx.rollback().await.during(format_args!("roll back before fetching cheque {}", hash.shortened()))?;
            Ok(None)
        }
        found => Ok(Some((tx, readable(found, visitor, clock::now())?))),
    }
}

/// Stores the new state as a change by `by`, and notifies the sockets after the commit. A change renews the link. Returns
/// what was stored.
///
/// # Errors
/// If a query fails.
pub(super) async fn store(
    state: &State,
    tx: &mut Transaction,
    before: &Split,
    after: &Split,
    by: Option<ParticipantId>,
) -> Result<Split, StoreError> {
    let now = clock::now();
    let after = after.renewed(now, state.link_lifetime);
    cheques::save(tx, before, &after, by, now).await?;
    let (hub, context) = (state.hub.clone(), trace::current());
    let announced = after.clone();
    tx.after_commit(move || hub.announce(&announced, context));
    Ok(after)
}

async fn begin(state: &State, hash: &ChequeHash) -> Result<Transaction, StoreError> {
    state.messaging.begin().await.during(format_args!("begin a change of cheque {}", hash.shortened()))
}

/// Adds the version of the state to a conflict.
pub(super) fn of_version(problem: Problem, version: i64) -> Problem {
    if problem.status() == StatusCode::CONFLICT { problem.with_member("version", version) } else { problem }
}
