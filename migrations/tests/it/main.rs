//! Guarantees of the schemas, tested on a real database.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod hijack;

mod audit;
mod composed;
mod definers;
mod partitions;
mod upgrade;

/// SQLSTATE of a missing privilege. Source: PostgreSQL documentation, appendix A.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// The SQLSTATE with which the database refuses the statement; `None` if it succeeded.
async fn refusal(connection: &mut sqlx::PgConnection, statement: &str) -> Option<String> {
    let outcome = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(connection).await;
    outcome.err()?.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
