//! `orders.OrderCreated.v1`: charge the order or refuse it, once and for ever.

use crate::domain::decision::{Announcement, Decision, Verdict};
use crate::domain::ledger::Movement;
use crate::store::accounts::Debit;
use crate::store::{accounts, ledger, order_payments};
use contracts::ids::TransactionId;
use contracts::orders::OrderCreated;
use contracts::payments::RefusalReason;
use messaging::{Handle, HandleError, Meta, Transaction};
use tracing::info;
use uuid::Uuid;

pub(super) struct DecideOrder;

impl Handle<OrderCreated> for DecideOrder {
    async fn handle(&self, tx: &mut Transaction, order: &OrderCreated, _: &Meta) -> Result<(), HandleError> {
        let decision = match order_payments::lock(tx, order.order_id).await? {
            Some(decided) => {
                decided.answers(order.user_id, order.amount).map_err(HandleError::reject)?;
                decided
            }
            None => decide(tx, order, TransactionId(Uuid::now_v7())).await?,
        };
        // A repeated question is answered again: the first answer may have been lost with the broker.
        match decision.announcement() {
            Announcement::Completed(event) => tx.append(&event, decision.version)?,
            Announcement::Failed(event) => tx.append(&event, decision.version)?,
        };
        Ok(())
    }

    /// Accounts are locked in one order by every replica.
    fn lock_key(&self, order: &OrderCreated) -> i64 {
        order.user_id.get()
    }
}

/// Charges the order if the balance allows, and records what came of it.
async fn decide(
    tx: &mut Transaction,
    order: &OrderCreated,
    transaction_id: TransactionId,
) -> Result<Decision, HandleError> {
    let verdict = match accounts::debit(tx, order.user_id, order.amount).await? {
        Debit::Taken(left) => {
            let movement = Movement::payment(transaction_id, order.user_id, order.order_id, order.amount);
            ledger::insert(tx, &movement, Some(left), None).await?;
            Verdict::Completed(transaction_id)
        }
        Debit::Short => Verdict::Failed(RefusalReason::InsufficientFunds),
        Debit::Missing => Verdict::Failed(RefusalReason::NoAccount),
    };
    let decision =
        Decision { order_id: order.order_id, user_id: order.user_id, amount: order.amount, verdict, version: 1 };
    order_payments::insert(tx, &decision).await?;
    info!(order.id = %order.order_id, verdict = ?decision.verdict, "order {} is decided", order.order_id);
    Ok(decision)
}
