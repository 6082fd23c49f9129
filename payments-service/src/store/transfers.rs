//! The table `transfers`: all decisions about transfers between users, stored permanently.

use crate::domain::decision::Verdict;
use crate::domain::transfer::Transfer;
use contracts::ids::{TransactionId, TransferId, UserId};
use contracts::money::{Amount, Money};
use contracts::payments::RefusalReason;
use contracts::router::TransferRequested;
use postgres::{During, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

/// A row that is not validated yet.
struct Row {
    transfer_id: Uuid,
    from_user: i64,
    to_user: i64,
    amount: i64,
    decision: String,
    reason: Option<String>,
    transaction_id: Option<Uuid>,
}

impl TryFrom<Row> for Transfer {
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
            id: TransferId(row.transfer_id),
            from: UserId::try_from(row.from_user).map_err(|error| decode(error.into()))?,
            to: UserId::try_from(row.to_user).map_err(|error| decode(error.into()))?,
            amount: Amount::new(Money::from_minor(row.amount)).map_err(|error| decode(error.into()))?,
            verdict,
        })
    }
}

/// Reads the decision about a transfer. Decisions never change, so no lock is needed.
///
/// # Errors
/// Database errors.
pub async fn find(connection: &mut PgConnection, id: TransferId) -> Result<Option<Transfer>, StoreError> {
    sqlx::query_as!(
        Row,
        "select transfer_id, from_user, to_user, amount, decision, reason, transaction_id \
         from transfers where transfer_id = $1",
        id.0,
    )
    .fetch_optional(connection)
    .await
    .and_then(|row| row.map(Transfer::try_from).transpose())
    .during(format_args!("find transfer {id}"))
}

/// Inserts the decision about a request.
///
/// # Errors
/// Database errors; a violation of the primary key if another transaction has just decided, which should be retried.
pub async fn insert(
    connection: &mut PgConnection,
    transfer: &Transfer,
    request: &TransferRequested,
) -> Result<(), StoreError> {
    let title = request.title.as_ref();
    let (name, reason, transaction_id) = match &transfer.verdict {
        Verdict::Completed(id) => ("completed", None, Some(id.0)),
        Verdict::Failed(reason) => ("failed", Some(reason.as_str()), None),
    };
    sqlx::query!(
        "insert into transfers (transfer_id, from_user, to_user, amount, decision, reason, transaction_id, \
         cheque_hash, merchant, purchased_on, participant) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        transfer.id.0,
        transfer.from.get(),
        transfer.to.get(),
        transfer.amount.minor(),
        name,
        reason,
        transaction_id,
        request.hash.as_str(),
        title.and_then(|title| title.merchant.as_deref()),
        title.and_then(|title| title.purchased_on),
        request.participant_name.as_deref(),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert transfer {}", transfer.id))
}
