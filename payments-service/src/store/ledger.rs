//! The table `ledger`: rows are written once and never changed.

use crate::domain::ledger::{Account, Movement};
use contracts::ids::UserId;
use contracts::money::Money;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// Writes a movement, with the balances of the users' accounts after it.
///
/// # Errors
/// The database's; the constraint `ledger_happens_once` when it happened before.
pub async fn insert(
    connection: &mut PgConnection,
    movement: &Movement,
    debit_balance: Option<Money>,
    credit_balance: Option<Money>,
) -> Result<(), sqlx::Error> {
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
}

/// A line of a user's statement, as the ledger has it.
#[derive(Debug)]
pub struct Line {
    /// The movement.
    pub id: Uuid,
    /// Its kind: `topup`, `payment`, `refund`, `transfer`.
    pub kind: String,
    /// What it was for; the order's id for a payment.
    pub reference: String,
    /// Minor units; negative when the money left the account.
    pub amount: i64,
    /// The other side's number; users are positive.
    pub counterparty: i64,
    /// Minor units on the account afterwards.
    pub balance_after: i64,
    /// When.
    pub created_at: OffsetDateTime,
}

/// A page of a user's statement, newest first: the movements before `before`.
///
/// # Errors
/// The database's.
pub async fn statement(
    pool: &PgPool,
    user_id: UserId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let number = Account::User(user_id).number();
    sqlx::query_file_as!(Line, "src/store/statement.sql", number, before.unwrap_or(Uuid::max()), limit)
        .fetch_all(pool)
        .await
}
