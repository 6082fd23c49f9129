//! The attack on functions that run with another role's rights: temporary objects that stand in for what they name.

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};
use testkit::TestDatabase;

/// A function that runs with the rights of its owner.
#[derive(Debug)]
pub(crate) struct Definer {
    pub(crate) schema: String,
    pub(crate) signature: String,
    pub(crate) owner: String,
    /// The setting `search_path`, as it was written.
    pub(crate) search_path: Option<String>,
    /// A call with some number for each argument.
    pub(crate) call: String,
}

/// All of them in every schema, from the catalogue, so that the next one is found too.
pub(crate) async fn definers(admin: &PgPool) -> Vec<Definer> {
    let found = sqlx::query(include_str!("definers.sql")).fetch_all(admin).await.unwrap();
    let definers = found.into_iter().map(|row| Definer {
        schema: row.get("schema"),
        signature: row.get("signature"),
        owner: row.get("owner"),
        search_path: row.get("search_path"),
        call: row.get("call"),
    });
    definers.collect()
}

/// A type in the way of a cast or a variable: the shortest attack.
pub(crate) const A_TYPE: &str = "create domain pg_temp.date as pg_catalog.date check (pg_temp.note('date'))";

/// Everything that temporary objects can be put in the way of.
pub(crate) const EVERYTHING: &str = include_str!("hijack.sql");

/// Calls every function of the service's schema with the attack in place; returns the roles, other than the service's,
/// as which a temporary object was run.
pub(crate) async fn hijacked(
    database: &TestDatabase,
    definers: &[Definer],
    service: &str,
    attack: &'static str,
) -> Vec<String> {
    let mut role = PgConnection::connect(&database.service_url(service)).await.unwrap();
    for statements in [include_str!("note.sql"), attack] {
        sqlx::raw_sql(statements).execute(&mut role).await.unwrap();
    }
    for definer in definers.iter().filter(|definer| definer.schema == service) {
        // A service's own search path has its schema only.
        let call = format!("set search_path = {service}; select {}", definer.call);
        let outcome = sqlx::raw_sql(AssertSqlSafe(call)).execute(&mut role).await;
        outcome.unwrap_or_else(|failure| panic!("{}: {failure}", definer.call));
    }
    let seen = "select distinct who::pg_catalog.text as who from pg_temp.seen where who <> current_user";
    let rows = sqlx::raw_sql(seen).fetch_all(&mut role).await.unwrap();
    rows.into_iter().map(|row| row.get("who")).collect()
}

/// Lets everybody make temporary objects, as PostgreSQL does unless it is told otherwise.
pub(crate) async fn grant_temporary(admin: &PgPool) {
    let statement: String =
        sqlx::query_scalar("select format('grant temporary on database %I to public', current_database())")
            .fetch_one(admin)
            .await
            .unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(admin).await.unwrap();
}
