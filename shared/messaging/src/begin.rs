//! Beginning a transaction.

use sqlx::{AssertSqlSafe, PgPool, Postgres};

type Begun = sqlx::Transaction<'static, Postgres>;

/// Begins a transaction; may be dropped halfway.
pub(crate) async fn begin(pool: &PgPool) -> Result<Begun, sqlx::Error> {
    let pool = pool.clone();
    to_the_end(async move { pool.begin().await }).await
}

/// Begins a transaction with this statement; may be dropped halfway.
pub(crate) async fn begin_with(pool: &PgPool, statement: String) -> Result<Begun, sqlx::Error> {
    let pool = pool.clone();
    to_the_end(async move { pool.begin_with(AssertSqlSafe(statement)).await }).await
}

/// Runs it in a task of its own, which goes on if the caller is dropped, for example because a client has disconnected.
///
/// sqlx 0.9.0 would give a connection whose `begin` is dropped halfway back to the pool with the transaction open: the
/// next user's statements become part of it, and are lost. Source: transact-rs/sqlx, issue 4385.
async fn to_the_end(
    begin: impl Future<Output = Result<Begun, sqlx::Error>> + Send + 'static,
) -> Result<Begun, sqlx::Error> {
    // The task ends without a result only if it panics or the runtime shuts down.
    tokio::spawn(begin).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
