//! `router.TransferRequested.v1`: moves the money from one user to another, or refuses, once.

use crate::domain::decision::Verdict;
use crate::domain::ledger::Movement;
use crate::domain::transfer::{Announcement, Transfer, TransferToSelf, refusal};
use crate::store::accounts::Debit;
use crate::store::{accounts, ledger, transfers};
use contracts::ids::TransactionId;
use contracts::payments::RefusalReason;
use contracts::router::TransferRequested;
use rabbit_outbox::{Handle, HandleError, Meta, Transaction};
use tracing::info;
use uuid::Uuid;

pub(super) struct DecideTransfer;

impl Handle<TransferRequested> for DecideTransfer {
    async fn handle(&self, tx: &mut Transaction, request: &TransferRequested, _: &Meta) -> Result<(), HandleError> {
        let decision = match transfers::find(tx, request.transfer_id).await? {
            Some(decided) => {
                decided
                    .check_same_request(request.from_user, request.to_user, request.amount)
                    .map_err(HandleError::reject)?;
                decided
            }
            None => decide(tx, request, TransactionId(Uuid::now_v7())).await?,
        };
        // Repeated requests are answered again: the broker may have lost the first event.
        match decision.announcement() {
            Announcement::Completed(event) => tx.append(&event, 1)?,
            Announcement::Failed(event) => tx.append(&event, 1)?,
        };
        Ok(())
    }

    /// The account that is locked first.
    fn lock_key(&self, request: &TransferRequested) -> i64 {
        request.from_user.get().min(request.to_user.get())
    }
}

/// Moves the money if the balances allow it, and records the decision.
async fn decide(
    tx: &mut Transaction,
    request: &TransferRequested,
    transaction_id: TransactionId,
) -> Result<Transfer, HandleError> {
    let &TransferRequested { transfer_id: id, from_user: from, to_user: to, amount, .. } = request;
    if from == to {
        return Err(HandleError::reject(TransferToSelf { id, user: from }));
    }
    // Both accounts are locked at once and in a fixed order, so that two users who pay each other do not deadlock.
    let balances = accounts::lock(tx, &[from, to]).await?;
    let balance = |user| balances.iter().find(|(owner, _)| *owner == user).map(|(_, balance)| *balance);
    let verdict = match refusal(balance(from), balance(to), amount) {
        Some(reason) => Verdict::Failed(reason),
        None => move_money(tx, request, transaction_id).await?,
    };
    let decision = Transfer { id, from, to, amount, verdict };
    transfers::insert(tx, &decision, request).await?;
    info!(transfer.id = %id, verdict = ?decision.verdict, "transfer {id} is decided");
    Ok(decision)
}

/// Moves the money between locked accounts.
async fn move_money(
    tx: &mut Transaction,
    request: &TransferRequested,
    transaction_id: TransactionId,
) -> Result<Verdict, HandleError> {
    let &TransferRequested { transfer_id: id, from_user: from, to_user: to, amount, .. } = request;
    // Opens the receiver's account if there is none. If it was opened after the locks were taken, its balance may be at
    // the maximum.
    let Some(credited) = accounts::credit(tx, to, amount).await? else {
        return Ok(Verdict::Failed(RefusalReason::BalanceTooLarge));
    };
    let Debit::Done(remaining) = accounts::debit(tx, from, amount).await? else {
        return Err(HandleError::retry("the balance of a locked account changed"));
    };
    let movement = Movement::transfer(transaction_id, from, to, id, amount);
    ledger::insert(tx, &movement, Some(remaining), Some(credited)).await?;
    Ok(Verdict::Completed(transaction_id))
}
