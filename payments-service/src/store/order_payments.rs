//! The table `order_payments`: all decisions, stored permanently.

use crate::domain::charge::Charge;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::ledger::{Account, Kind};
use contracts::ids::{OrderId, TransactionId, UserId};
use contracts::money::{Amount, Money};
use contracts::payments::RefusalReason;
use postgres::{During, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

/// A row that is not validated yet.
struct Row {
    order_id: Uuid,
    user_id: i64,
    amount: i64,
    decision: String,
    reason: Option<String>,
    transaction_id: Option<Uuid>,
    version: i64,
}

impl TryFrom<Row> for Decision {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
        let verdict = match (row.decision.as_str(), row.transaction_id, row.reason.as_deref()) {
            ("completed", Some(id), _) => Verdict::Completed(TransactionId(id)),
            ("failed", _, Some("insufficient_funds")) => Verdict::Failed(RefusalReason::InsufficientFunds),
            ("failed", _, Some("no_account")) => Verdict::Failed(RefusalReason::NoAccount),
            ("failed", _, Some("balance_too_large")) => Verdict::Failed(RefusalReason::BalanceTooLarge),
            (decision, ..) => {
                return Err(decode(format!("this release does not know the decision `{decision}`").into()));
            }
        };
        Ok(Self {
            order_id: OrderId(row.order_id),
            user_id: UserId::try_from(row.user_id).map_err(|error| decode(error.into()))?,
            amount: Amount::new(Money::from_minor(row.amount)).map_err(|error| decode(error.into()))?,
            verdict,
            version: row.version,
        })
    }
}

/// Reads and locks the existing decisions about these orders until the transaction ends.
///
/// # Errors
/// Database errors.
pub async fn lock(connection: &mut PgConnection, orders: &[OrderId]) -> Result<Vec<Decision>, StoreError> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.0).collect();
    sqlx::query_as!(
        Row,
        "select order_id, user_id, amount, decision, reason, transaction_id, version \
         from order_payments where order_id = any($1) order by order_id for update",
        &orders,
    )
    .fetch_all(connection)
    .await
    .and_then(|rows| rows.into_iter().map(Decision::try_from).collect())
    .during(format_args!("lock the decisions about {} orders", orders.len()))
}

/// Inserts first decisions, with their movements and balances.
///
/// # Errors
/// Database errors; a violation of the primary key if another transaction has just decided, which should be retried.
pub async fn insert_charges(connection: &mut PgConnection, charges: &[Charge]) -> Result<(), StoreError> {
    let mut columns = Columns::default();
    for Charge { decision, payment } in charges {
        let (name, reason, transaction_id) = match &decision.verdict {
            Verdict::Completed(id) => ("completed", None, Some(id.0)),
            Verdict::Failed(reason) => ("failed", Some(reason.as_str()), None),
        };
        columns.order_ids.push(decision.order_id.0);
        columns.user_ids.push(decision.user_id.get());
        columns.amounts.push(decision.amount.minor());
        columns.decisions.push(name);
        columns.reasons.push(reason);
        columns.transaction_ids.push(transaction_id);
        columns.balances.push(payment.as_ref().map(|(_, balance)| balance.minor()));
        columns.versions.push(decision.version);
    }
    sqlx::query_file!(
        "src/store/charge.sql",
        &columns.order_ids,
        &columns.user_ids,
        &columns.amounts,
        &columns.decisions as &[&str],
        &columns.reasons as &[Option<&str>],
        &columns.transaction_ids as &[Option<Uuid>],
        &columns.balances as &[Option<i64>],
        &columns.versions,
        Kind::Payment.as_str(),
        Account::Merchant.number(),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert the decisions about {} orders", charges.len()))
}

/// The charges as columns, for the bulk statement.
#[derive(Default)]
struct Columns {
    order_ids: Vec<Uuid>,
    user_ids: Vec<i64>,
    amounts: Vec<i64>,
    decisions: Vec<&'static str>,
    reasons: Vec<Option<&'static str>>,
    transaction_ids: Vec<Option<Uuid>>,
    /// The user's balance after the payment; null for refused orders.
    balances: Vec<Option<i64>>,
    versions: Vec<i64>,
}
