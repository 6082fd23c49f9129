//! Connections to PostgreSQL, with limits on everything that may hang.

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// Variables of a service that owns a schema.
#[derive(Clone, Debug, clap::Args)]
pub struct PostgresConfig {
    /// The database, with this service's own role: `postgres://role:password@host:port/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,

    /// A read replica for queries; without it the database itself answers them.
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true)]
    pub database_read_url: Option<String>,

    /// Most connections of the pool.
    #[arg(long, env = "DATABASE_CONNECTIONS_MAX", default_value_t = 16)]
    pub database_connections_max: u32,
}

/// How long a caller waits for a free connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest statement of a service; also stops a transaction that forgot to end.
const STATEMENT_TIMEOUT: &str = "10s";

/// Plans that stay good while tables grow. PostgreSQL plans prepared statements and the checks of foreign keys once per
/// session, and keeps the plan. One that was made while a table had a single page reads all of the table, however large it
/// is by then. A service reads a few rows by their keys, so that an index is always right.
///
/// These settings make the other ways expensive and forbid none: a query without a suitable index still runs.
///
/// Source: PostgreSQL, "Planner Method Configuration".
const PLANS: [(&str, &str); 3] = [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")];

/// The options of every connection of a service: its schema, its name in `pg_stat_activity`, its timeouts and its plans.
///
/// # Errors
/// When the URL is malformed.
pub fn options(url: &str, schema: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let name = format!("{schema}-service");
    Ok(PgConnectOptions::from_str(url)?.application_name(&name).options(PLANS).options([
        ("search_path", schema),
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]))
}

/// A pool for commands. It connects when first used, so a service starts while the database is away.
///
/// # Errors
/// When the URL is malformed.
pub fn pool(config: &PostgresConfig, schema: &str) -> Result<PgPool, sqlx::Error> {
    let options = options(&config.database_url, schema)?;
    Ok(pool_options(config.database_connections_max).connect_lazy_with(options))
}

/// A pool for queries: read-only connections, to the replica if there is one.
///
/// # Errors
/// When the URL is malformed.
pub fn read_pool(config: &PostgresConfig, schema: &str) -> Result<PgPool, sqlx::Error> {
    let url = config.database_read_url.as_ref().unwrap_or(&config.database_url);
    let options = options(url, schema)?.options([("default_transaction_read_only", "on")]);
    Ok(pool_options(config.database_connections_max).connect_lazy_with(options))
}

fn pool_options(connections_max: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections_max).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// Whether the database is away rather than unhappy with what we asked: worth trying again, unchanged.
pub fn is_outage(failure: &sqlx::Error) -> bool {
    match failure {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // 08 connection, 53 resources, 57P shutdown, 57014 timeout, 40 serialization and deadlock.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "53", "57P", "57014", "40"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// Answers whether the database can be reached, for `/readyz`.
///
/// # Errors
/// Words for the report.
pub async fn check(pool: PgPool) -> Result<(), String> {
    sqlx::query("select 1").execute(&pool).await.map(drop).map_err(|error| error.to_string())
}
