//! Beginning a transaction.

use futures_util::future::BoxFuture;
use sqlx::{AssertSqlSafe, PgPool, Postgres};

type Begun = sqlx::Transaction<'static, Postgres>;

/// Begins a transaction; may be dropped halfway.
pub(crate) fn begin(pool: &PgPool) -> BoxFuture<'static, Result<Begun, sqlx::Error>> {
    let pool = pool.clone();
    to_the_end(Box::pin(async move { pool.begin().await }))
}

/// Begins a transaction with this statement; may be dropped halfway.
pub(crate) fn begin_with(pool: &PgPool, statement: String) -> BoxFuture<'static, Result<Begun, sqlx::Error>> {
    let pool = pool.clone();
    to_the_end(Box::pin(async move { pool.begin_with(AssertSqlSafe(statement)).await }))
}

/// Runs it in a task of its own, which goes on if the caller is dropped, for example because a client has disconnected.
///
/// sqlx 0.9.0 would give a connection whose `begin` is dropped halfway back to the pool with the transaction open: the
/// next user's statements become part of it, and are lost. Source: transact-rs/sqlx, issue 4385.
fn to_the_end(begin: BoxFuture<'static, Result<Begun, sqlx::Error>>) -> BoxFuture<'static, Result<Begun, sqlx::Error>> {
    // The task ends without a result only if it panics or the runtime shuts down.
    Box::pin(async { tokio::spawn(begin).await.unwrap_or(Err(sqlx::Error::WorkerCrashed)) })
}
