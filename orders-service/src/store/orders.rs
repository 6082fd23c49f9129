//! The table `orders`.

use crate::domain::order::{Order, Status};
use contracts::ids::{OrderId, UserId};
use contracts::money::{Amount, Money};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// A row, before it is trusted.
struct Row {
    id: Uuid,
    user_id: i64,
    amount: i64,
    description: Option<String>,
    status: String,
    reason: Option<String>,
    version: i64,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Order {
    type Error = sqlx::Error;

    /// The table's constraints make this succeed; a row that breaks them is a decoding error, not a panic.
    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
        Ok(Self {
            id: OrderId(row.id),
            user_id: UserId::try_from(row.user_id).map_err(|error| decode(error.into()))?,
            amount: Amount::new(Money::from_minor(row.amount)).map_err(|error| decode(error.into()))?,
            description: row.description,
            status: row.status.parse().map_err(|error: crate::domain::order::UnknownStatus| decode(error.into()))?,
            reason: row.reason,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Inserts a new order.
///
/// # Errors
/// The database's.
pub async fn insert(connection: &mut PgConnection, order: &Order) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into orders (id, user_id, amount, description, status, reason, version, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        order.id.0,
        order.user_id.get(),
        order.amount.minor(),
        order.description,
        order.status.as_str(),
        order.reason,
        order.version,
        order.created_at,
        order.updated_at,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// Reads an order and locks it until the transaction ends: take it before any event about it.
///
/// # Errors
/// The database's.
pub async fn lock(connection: &mut PgConnection, id: OrderId) -> Result<Option<Order>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, user_id, amount, description, status, reason, version, created_at, updated_at \
         from orders where id = $1 for update",
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Order::try_from)
    .transpose()
}

/// Writes what a move changed.
///
/// # Errors
/// The database's.
pub async fn update(connection: &mut PgConnection, order: &Order) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update orders set status = $2, reason = $3, version = $4, updated_at = $5 where id = $1",
        order.id.0,
        order.status.as_str(),
        order.reason,
        order.version,
        order.updated_at,
    )
    .execute(connection)
    .await
    .map(drop)
}

/// One order, if it is the user's.
///
/// # Errors
/// The database's.
pub async fn find(pool: &PgPool, user_id: UserId, id: OrderId) -> Result<Option<Order>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select id, user_id, amount, description, status, reason, version, created_at, updated_at \
         from orders where id = $1 and user_id = $2",
        id.0,
        user_id.get(),
    )
    .fetch_optional(pool)
    .await?
    .map(Order::try_from)
    .transpose()
}

/// A page of the user's orders, newest first: those before `before`, with `status` if given.
///
/// # Errors
/// The database's.
pub async fn page(
    pool: &PgPool,
    user_id: UserId,
    status: Option<Status>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, sqlx::Error> {
    // Two statements instead of one with an optional filter: each has its own index and plan.
    let before = before.map_or(Uuid::max(), |id| id.0);
    let rows = match status {
        None => {
            sqlx::query_as!(
                Row,
                "select id, user_id, amount, description, status, reason, version, created_at, updated_at \
                 from orders where user_id = $1 and id < $2 order by id desc limit $3",
                user_id.get(),
                before,
                limit,
            )
            .fetch_all(pool)
            .await?
        }
        Some(status) => {
            sqlx::query_as!(
                Row,
                "select id, user_id, amount, description, status, reason, version, created_at, updated_at \
                 from orders where user_id = $1 and status = $2 and id < $3 order by id desc limit $4",
                user_id.get(),
                status.as_str(),
                before,
                limit,
            )
            .fetch_all(pool)
            .await?
        }
    };
    rows.into_iter().map(Order::try_from).collect()
}
