//! A line of the statement as JSON.

use crate::store::ledger::Line;
use contracts::money::Money;
use contracts::title::Title;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// A line of the statement.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Transaction)]
pub(super) struct TransactionJson {
    id: Uuid,
    /// `topup`, `payment`, `refund` or `transfer`.
    kind: String,
    /// Negative for money that left the account.
    amount: Money,
    /// The paid order.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    /// The other user of a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<i64>,
    /// The bill of a transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    cheque: Option<PaidChequeJson>,
    balance_after: Money,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

/// The bill that a transfer was for, as it was called then.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = PaidCheque)]
struct PaidChequeJson {
    /// The key of its share link.
    hash: String,
    #[serde(flatten)]
    title: Title,
    /// The name of the participant who settled, or got money back.
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<String>,
}

impl From<Line> for TransactionJson {
    fn from(line: Line) -> Self {
        let of_order = matches!(line.kind.as_str(), "payment" | "refund");
        let title = Title { merchant: line.merchant, purchased_on: line.purchased_on };
        Self {
            id: line.id,
            amount: Money::from_minor(line.amount),
            order_id: line.reference.parse().ok().filter(|_| of_order),
            counterparty: Some(line.counterparty).filter(|number| *number > 0),
            cheque: line.cheque_hash.map(|hash| PaidChequeJson { hash, title, participant: line.participant }),
            balance_after: Money::from_minor(line.balance_after),
            created_at: line.created_at,
            kind: line.kind,
        }
    }
}
