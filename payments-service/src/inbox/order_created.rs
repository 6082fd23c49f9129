//! `orders.OrderCreated.v1`: charges or refuses each order once. A batch of orders is processed together.

use crate::domain::charge::{Balances, Charge, ChargeRequest};
use crate::domain::decision::{Announcement, Decision};
use crate::store::{accounts, order_payments};
use contracts::ids::{OrderId, TransactionId, UserId};
use contracts::orders::OrderCreated;
use rabbit_outbox::{HandleBatch, HandleError, Received, Transaction};
use std::collections::BTreeMap;
use tracing::info;
use uuid::Uuid;

pub(super) struct DecideOrders;

impl HandleBatch<OrderCreated> for DecideOrders {
    async fn handle(&self, tx: &mut Transaction, orders: &[Received<OrderCreated>]) -> Result<(), HandleError> {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.event.order_id).collect();
        let decided = order_payments::lock(tx, &ids).await?;
        let mut decisions: BTreeMap<OrderId, Decision> = decided.into_iter().map(|d| (d.order_id, d)).collect();
        let charges = decide(tx, orders, &mut decisions).await?;
        if !charges.is_empty() {
            order_payments::insert_charges(tx, &charges).await?;
        }
        // Repeated requests are answered again: the broker may have lost the first event.
        for Received { event, meta } in orders {
            let Some(decision) = decisions.get(&event.order_id) else { continue };
            match decision.announcement() {
                Announcement::Completed(completed) => tx.append_for(meta, &completed, decision.version)?,
                Announcement::Failed(failed) => tx.append_for(meta, &failed, decision.version)?,
            };
        }
        Ok(())
    }
}

/// Decides the undecided orders one by one, on balances that are locked until the transaction ends.
async fn decide(
    tx: &mut Transaction,
    orders: &[Received<OrderCreated>],
    decisions: &mut BTreeMap<OrderId, Decision>,
) -> Result<Vec<Charge>, HandleError> {
    let open = orders.iter().filter(|order| !decisions.contains_key(&order.event.order_id));
    let users: Vec<UserId> = open.map(|order| order.event.user_id).collect();
    let mut balances =
        if users.is_empty() { Balances::default() } else { accounts::lock(tx, &users).await?.into_iter().collect() };
    let mut charges = Vec::with_capacity(orders.len());
    for Received { event, meta } in orders {
        if let Some(decision) = decisions.get(&event.order_id) {
            decision.check_same_request(event.user_id, event.amount).map_err(HandleError::reject)?;
            continue;
        }
        let &OrderCreated { order_id, user_id, amount } = event;
        let transaction_id = TransactionId(Uuid::now_v7());
        let charge = balances.decide(&ChargeRequest { order_id, user_id, amount, transaction_id });
        info!(
            order.id = %order_id, trace_id = meta.trace_id(), verdict = ?charge.decision.verdict,
            "order {order_id} is decided"
        );
        decisions.insert(order_id, charge.decision.clone());
        charges.push(charge);
    }
    Ok(charges)
}
