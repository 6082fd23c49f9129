//! The one way to change a shared cheque: lock, move, store, tell.

use super::open::{cheque_hash, readable};
use crate::domain::split::Split;
use crate::state::State;
use crate::store::cheques;
use chassis::clock;
use chassis::problem::Problem;
use http::StatusCode;
use rabbit_outbox::Transaction;
use rabbit_outbox::transaction::CommitError;

/// Changes the cheque by `deed`, which returns its new state, or nothing when it is so already. Returns the state.
///
/// # Errors
/// Those of opening and of the deed; conflicts carry the version of the state they are about.
pub(super) async fn change(
    state: &State,
    hash: &str,
    deed: impl FnOnce(&Split) -> Result<Option<Split>, Problem>,
) -> Result<Split, Problem> {
    let (mut tx, before) = lock(state, hash).await?;
    let Some(after) = deed(&before).map_err(|problem| of_version(problem, before.version))? else {
        tx.rollback().await?;
        return Ok(before);
    };
    store(state, &mut tx, &before, &after).await?;
    commit(tx).await?;
    Ok(after)
}

/// Begins a transaction that holds the cheque, which is fetched if it is not here yet.
///
/// # Errors
/// Those of opening.
pub(super) async fn lock(state: &State, hash: &str) -> Result<(Transaction, Split), Problem> {
    let hash = cheque_hash(hash)?;
    let mut tx = state.messaging.begin().await?;
    let mut found = cheques::lock(&mut tx, &hash).await?;
    if found.is_none() {
        // No transaction is open while the cheque is waited for.
        tx.rollback().await?;
        state.arrivals.fetch(&hash).await?;
        tx = state.messaging.begin().await?;
        found = cheques::lock(&mut tx, &hash).await?;
    }
    Ok((tx, readable(found, clock::now())?))
}

/// Writes the new state, and tells sockets when it has committed.
///
/// # Errors
/// The database's.
pub(super) async fn store(state: &State, tx: &mut Transaction, before: &Split, after: &Split) -> Result<(), Problem> {
    cheques::save(tx, before, after, clock::now()).await?;
    let (hub, after, context) = (state.hub.clone(), after.clone(), trace::current());
    tx.after_commit(move || hub.announce(&after, context));
    Ok(())
}

/// Commits.
///
/// # Errors
/// The database's.
pub(super) async fn commit(tx: Transaction) -> Result<(), Problem> {
    tx.commit().await.map_err(|failure| CommitError::into_source(failure).into())
}

/// A conflict says which version of the state it is about.
pub(super) fn of_version(problem: Problem, version: i64) -> Problem {
    if problem.status() == StatusCode::CONFLICT { problem.with_member("version", version) } else { problem }
}
