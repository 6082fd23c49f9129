//! What the schemas promise to those who run on them, on a real database.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod hijack;

mod definers;
mod partitions;
mod upgrade;

/// The services, by the names of their schemas.
const SERVICES: [&str; 5] = ["orders", "payments", "ocr", "router", "users"];

/// How PostgreSQL says that a role may not. Source: its documentation, appendix A.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// The code of the database's refusal; `None` if it did as it was told.
async fn refusal(connection: &mut sqlx::PgConnection, statement: &str) -> Option<String> {
    let outcome = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(connection).await;
    outcome.err()?.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}
