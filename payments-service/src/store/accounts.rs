//! The table `accounts`: balances of users.

use crate::domain::ledger::BALANCE_MAX;
use contracts::ids::UserId;
use contracts::money::{Amount, Money};
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Creates the account if it does not exist, and returns its balance.
///
/// # Errors
/// Database errors.
pub async fn open(connection: &mut PgConnection, user_id: UserId) -> Result<Money, StoreError> {
    sqlx::query!("insert into accounts (user_id) values ($1) on conflict do nothing", user_id.get())
        .execute(&mut *connection)
        .await
        .during(format_args!("open the account of user {user_id}"))?;
    let balance = sqlx::query_scalar!("select balance from accounts where user_id = $1", user_id.get())
        .fetch_one(connection)
        .await
        .during(format_args!("read the balance of user {user_id}"))?;
    Ok(Money::from_minor(balance))
}

/// The balance, if the account exists.
///
/// # Errors
/// Database errors.
pub async fn balance(pool: &PgPool, user_id: UserId) -> Result<Option<Money>, StoreError> {
    let balance = sqlx::query_scalar!("select balance from accounts where user_id = $1", user_id.get())
        .fetch_optional(pool)
        .await
        .during(format_args!("find the account of user {user_id}"))?;
    Ok(balance.map(Money::from_minor))
}

/// Adds to the balance, and opens the account if needed. Returns the new balance, or `None` without any change if it
/// would exceed [`BALANCE_MAX`].
///
/// # Errors
/// Database errors.
pub async fn credit(
    connection: &mut PgConnection,
    user_id: UserId,
    amount: Amount,
) -> Result<Option<Money>, StoreError> {
    // The first balance of an account is one amount, which is always below the maximum.
    let balance = sqlx::query_scalar!(
        "insert into accounts (user_id, balance) values ($1, $2) \
         on conflict (user_id) do update set balance = accounts.balance + excluded.balance \
         where accounts.balance <= $3 - excluded.balance returning balance",
        user_id.get(),
        amount.minor(),
        BALANCE_MAX.minor(),
    )
    .fetch_optional(connection)
    .await
    .during(format_args!("credit the account of user {user_id}"))?;
    Ok(balance.map(Money::from_minor))
}

/// Locks the existing accounts until the transaction ends, in the order of user ids; returns their balances.
///
/// # Errors
/// Database errors.
pub async fn lock(connection: &mut PgConnection, users: &[UserId]) -> Result<Vec<(UserId, Money)>, StoreError> {
    let users: Vec<i64> = users.iter().map(|user| user.get()).collect();
    let rows = sqlx::query!(
        "select user_id, balance from accounts where user_id = any($1) order by user_id for update",
        &users,
    )
    .fetch_all(connection)
    .await;
    rows.and_then(|rows| {
        let locked = rows.into_iter().map(|row| {
            let user_id = UserId::try_from(row.user_id).map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok((user_id, Money::from_minor(row.balance)))
        });
        locked.collect()
    })
    .during(format_args!("lock the accounts of {} users", users.len()))
}

/// The result of a debit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debit {
    /// Done; the remaining balance.
    Done(Money),
    /// The balance is too low.
    InsufficientFunds,
    /// There is no account.
    NoAccount,
}

/// Takes `amount` if the balance is sufficient. One statement, so that no other transaction can change the balance in
/// between.
///
/// # Errors
/// Database errors.
pub async fn debit(connection: &mut PgConnection, user_id: UserId, amount: Amount) -> Result<Debit, StoreError> {
    let remaining = sqlx::query_scalar!(
        "update accounts set balance = balance - $2 where user_id = $1 and balance >= $2 returning balance",
        user_id.get(),
        amount.minor(),
    )
    .fetch_optional(&mut *connection)
    .await
    .during(format_args!("debit the account of user {user_id}"))?;
    if let Some(remaining) = remaining {
        return Ok(Debit::Done(Money::from_minor(remaining)));
    }
    let exists =
        sqlx::query_scalar!(r#"select exists (select from accounts where user_id = $1) as "exists!""#, user_id.get())
            .fetch_one(connection)
            .await
            .during(format_args!("look for the account of user {user_id}"))?;
    Ok(if exists { Debit::InsufficientFunds } else { Debit::NoAccount })
}
