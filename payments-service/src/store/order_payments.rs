//! The table `order_payments`: every decision, for ever.

use crate::domain::decision::{Decision, Verdict};
use contracts::ids::{OrderId, TransactionId, UserId};
use contracts::money::{Amount, Money};
use contracts::payments::RefusalReason;
use sqlx::PgConnection;
use uuid::Uuid;

/// A row, before it is trusted.
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
            (decision, ..) => {
                return Err(decode(format!("a decision `{decision}` that this release can't read").into()));
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

/// Reads the decision about an order and locks it until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn lock(connection: &mut PgConnection, order_id: OrderId) -> Result<Option<Decision>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select order_id, user_id, amount, decision, reason, transaction_id, version \
         from order_payments where order_id = $1 for update",
        order_id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Decision::try_from)
    .transpose()
}

/// Writes a first decision.
///
/// # Errors
/// The database's; the primary key when somebody else decided in the same moment, which is worth a retry.
pub async fn insert(connection: &mut PgConnection, decision: &Decision) -> Result<(), sqlx::Error> {
    let (word, reason, transaction_id) = match &decision.verdict {
        Verdict::Completed(id) => ("completed", None, Some(id.0)),
        Verdict::Failed(reason) => ("failed", Some(reason.as_str()), None),
    };
    sqlx::query!(
        "insert into order_payments (order_id, user_id, amount, decision, reason, transaction_id, version) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        decision.order_id.0,
        decision.user_id.get(),
        decision.amount.minor(),
        word,
        reason,
        transaction_id,
        decision.version,
    )
    .execute(connection)
    .await
    .map(drop)
}
