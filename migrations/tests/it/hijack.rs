//! An attack on functions that run with another role's rights: temporary objects shadow the objects that they use.

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};
use testkit::TestDatabase;

/// A function that runs with the rights of its owner.
#[derive(Debug)]
pub(crate) struct Definer {
    pub(crate) schema: String,
    pub(crate) signature: String,
    pub(crate) owner: String,
    /// Its setting `search_path`, as written.
    pub(crate) search_path: Option<String>,
    /// A call with an arbitrary number for each argument.
    pub(crate) call: String,
}

/// All such functions in every schema, from the catalogue, so that new ones are found too.
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

/// A type that shadows the type of a cast or a variable: the shortest attack.
pub(crate) const A_TYPE: &str = "create domain pg_temp.date as pg_catalog.date check (pg_temp.note('date'))";

/// Shadows everything that temporary objects can shadow.
pub(crate) const EVERYTHING: &str = include_str!("hijack.sql");

/// Calls every function of the service's schema during the attack; returns the roles, other than the service's own,
/// that executed a temporary object.
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
        // A service's search path contains only its own schema.
        let call = format!("set search_path = {service}; select {}", definer.call);
        let outcome = sqlx::raw_sql(AssertSqlSafe(call)).execute(&mut role).await;
        outcome.unwrap_or_else(|failure| panic!("{}: {failure}", definer.call));
    }
    let seen = "select distinct who::pg_catalog.text as who from pg_temp.seen where who <> current_user";
    let rows = sqlx::raw_sql(seen).fetch_all(&mut role).await.unwrap();
    rows.into_iter().map(|row| row.get("who")).collect()
}

/// Allows everyone to create temporary objects, which is PostgreSQL's default.
pub(crate) async fn grant_temporary(admin: &PgPool) {
    let statement: String =
        sqlx::query_scalar("select format('grant temporary on database %I to public', current_database())")
            .fetch_one(admin)
            .await
            .unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(admin).await.unwrap();
}
