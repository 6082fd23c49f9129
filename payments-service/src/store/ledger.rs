//! The table `ledger`: rows are inserted once and never changed.

use crate::domain::ledger::{Account, Movement};
use contracts::ids::UserId;
use contracts::money::Money;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Inserts a movement, with the users' balances after it.
///
/// # Errors
/// Database errors; a violation of `ledger_happens_once` if the operation is already recorded.
pub async fn insert(
    connection: &mut PgConnection,
    movement: &Movement,
    debit_balance: Option<Money>,
    credit_balance: Option<Money>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ledger (id, kind, reference, debit_account, credit_account, amount, debit_balance_after, \
         credit_balance_after) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        movement.id.0,
        movement.kind.as_str(),
        movement.reference,
        movement.debit.number(),
        movement.credit.number(),
        movement.amount.minor(),
        debit_balance.map(Money::minor),
        credit_balance.map(Money::minor),
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert movement {} into the ledger", movement.id))
}

/// A line of a user's statement.
#[derive(Debug)]
pub struct Line {
    /// The id of the movement.
    pub id: Uuid,
    /// The kind: `topup`, `payment`, `refund` or `transfer`.
    pub kind: String,
    /// The operation that it belongs to: for a payment, the order id.
    pub reference: String,
    /// In minor units; negative for money that left the account.
    pub amount: i64,
    /// The account number of the other side; users have positive numbers.
    pub counterparty: i64,
    /// The bill of a transfer: the key of its link, and what it was called.
    pub cheque_hash: Option<String>,
    /// See `cheque_hash`.
    pub merchant: Option<String>,
    /// See `cheque_hash`.
    pub purchased_on: Option<Date>,
    /// The name of the participant who settled, or got money back.
    pub participant: Option<String>,
    /// The balance afterwards, in minor units.
    pub balance_after: i64,
    /// The time of the movement.
    pub created_at: OffsetDateTime,
}

/// A page of a user's statement, newest first: movements with ids before `before`.
///
/// # Errors
/// Database errors.
pub async fn statement(
    pool: &PgPool,
    user_id: UserId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let number = Account::User(user_id).number();
    sqlx::query_file_as!(Line, "src/store/statement.sql", number, before.unwrap_or(Uuid::max()), limit)
        .fetch_all(pool)
        .await
        .during(format_args!("list the movements of user {user_id}"))
}
