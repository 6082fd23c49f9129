//! The table `orders`.

use crate::domain::order::{Order, Status};
use contracts::ids::{OrderId, UserId};
use contracts::money::{Amount, Money};
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row whose values are not validated yet.
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

    /// The table's constraints make this succeed. A row that violates them is a decoding error, not a panic.
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

/// Inserts new orders.
///
/// # Errors
/// If the query fails.
pub async fn insert_all(connection: &mut PgConnection, orders: &[&Order]) -> Result<(), StoreError> {
    let column = |value: fn(&Order) -> i64| orders.iter().map(|order| value(order)).collect::<Vec<i64>>();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let descriptions: Vec<Option<&str>> = orders.iter().map(|order| order.description.as_deref()).collect();
    let statuses: Vec<&str> = orders.iter().map(|order| order.status.as_str()).collect();
    let created: Vec<OffsetDateTime> = orders.iter().map(|order| order.created_at).collect();
    sqlx::query!(
        "insert into orders (id, user_id, amount, description, status, version, created_at, updated_at) \
         select *, o.created_at \
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[]) \
             as o (id, user_id, amount, description, status, version, created_at)",
        &ids,
        &column(|order| order.user_id.get()),
        &column(|order| order.amount.minor()),
        &descriptions as &[Option<&str>],
        &statuses as &[&str],
        &column(|order| order.version),
        &created,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert {} orders", orders.len()))
}

/// Reads and locks the existing orders among `ids` until the transaction ends. Call it before handling events about
/// them.
///
/// # Errors
/// If the query fails.
pub async fn lock_all(connection: &mut PgConnection, ids: &[OrderId]) -> Result<BTreeMap<OrderId, Order>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        Row,
        "select id, user_id, amount, description, status, reason, version, created_at, updated_at \
         from orders where id = any($1) order by id for update",
        &ids,
    )
    .fetch_all(connection)
    .await
    .and_then(|rows| rows.into_iter().map(|row| Order::try_from(row).map(|order| (order.id, order))).collect())
    .during(format_args!("lock {} orders", ids.len()))
}

/// Stores changed orders.
///
/// # Errors
/// If the query fails.
pub async fn update_all(connection: &mut PgConnection, orders: &[Order]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.0).collect();
    let statuses: Vec<&str> = orders.iter().map(|order| order.status.as_str()).collect();
    let reasons: Vec<Option<&str>> = orders.iter().map(|order| order.reason.as_deref()).collect();
    let versions: Vec<i64> = orders.iter().map(|order| order.version).collect();
    let updated: Vec<OffsetDateTime> = orders.iter().map(|order| order.updated_at).collect();
    sqlx::query!(
        "update orders set status = o.status, reason = o.reason, version = o.version, updated_at = o.updated_at \
         from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) \
             as o (id, status, reason, version, updated_at) \
         where orders.id = o.id",
        &ids,
        &statuses as &[&str],
        &reasons as &[Option<&str>],
        &versions,
        &updated,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("update {} orders", orders.len()))
}

/// Locks up to `limit` orders whose payment should be requested again, and records the request. Other replicas skip
/// locked rows. The delay is `patience` after the first request and doubles with each further one, up to 32 times
/// `patience`.
///
/// # Errors
/// If the query fails.
pub async fn lock_unanswered(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    patience: Duration,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
    sqlx::query_as!(
        Row,
        "with unanswered as ( \
             select id from orders where status = 'PENDING' \
                 and asked_at <= $1::timestamptz - make_interval(secs => $2 * power(2, least(asked_times - 1, 5))) \
             order by asked_at limit $3 for update skip locked) \
         update orders set asked_times = asked_times + 1, asked_at = $1 from unanswered where orders.id = unanswered.id \
         returning orders.id, user_id, amount, description, status, reason, version, created_at, updated_at",
        now,
        patience.as_secs_f64(),
        limit,
    )
    .fetch_all(connection)
    .await
    .and_then(|rows| rows.into_iter().map(Order::try_from).collect())
    .during("lock orders without an answer")
}

/// An order, if it belongs to the user.
///
/// # Errors
/// If the query fails.
pub async fn find(pool: &PgPool, user_id: UserId, id: OrderId) -> Result<Option<Order>, StoreError> {
    sqlx::query_as!(
        Row,
        "select id, user_id, amount, description, status, reason, version, created_at, updated_at \
         from orders where id = $1 and user_id = $2",
        id.0,
        user_id.get(),
    )
    .fetch_optional(pool)
    .await
    .and_then(|row| row.map(Order::try_from).transpose())
    .during(format_args!("find order {id} of user {user_id}"))
}

/// A page of the user's orders, newest first: those older than `before`, with `status` if given.
///
/// # Errors
/// If the query fails.
pub async fn page(
    pool: &PgPool,
    user_id: UserId,
    status: Option<Status>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
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
            .await
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
            .await
        }
    };
    rows.and_then(|rows| rows.into_iter().map(Order::try_from).collect())
        .during(format_args!("list the orders of user {user_id}"))
}
