//! Connections to PostgreSQL, with timeouts for everything that can block.

use configuration::{DatabaseUrl, Whole};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// Configuration of a service that owns a schema.
#[derive(Clone, Debug, clap::Args)]
pub struct PostgresConfig {
    /// URL of the database, with this service's own role: `postgres://role:password@host:port/database`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: DatabaseUrl,

    /// URL of a read replica for queries; without it the database itself is used.
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true)]
    pub database_read_url: Option<DatabaseUrl>,

    /// Most connections per pool.
    #[arg(long, env = "DATABASE_CONNECTIONS_MAX", default_value = "16")]
    pub database_connections_max: Whole<1, 10_000>,
}

/// The client library refuses a URL. Its text is not shown: it may contain a part of the URL.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "{variable} must be a URL like postgres://role:password@host:port/database: the client of PostgreSQL refuses it"
)]
pub struct DatabaseUrlError {
    variable: &'static str,
}

/// How long a caller waits for a free connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest statement; also ends transactions that stay idle.
const STATEMENT_TIMEOUT: &str = "10s";

/// Plans that stay good while tables grow. PostgreSQL keeps the plans of prepared statements and of foreign key checks for
/// the session. A plan made while the table had one page scans the whole table, however large it is by then. A service
/// reads a few rows by key, so an index scan is always right.
///
/// These settings only make the alternatives expensive: a query without a suitable index still runs.
///
/// Source: PostgreSQL, "Planner Method Configuration".
const PLANS: [(&str, &str); 3] = [("enable_seqscan", "off"), ("enable_hashjoin", "off"), ("enable_mergejoin", "off")];

/// The options of every connection: schema, application name, timeouts and planner settings.
fn options(url: &DatabaseUrl, variable: &'static str, schema: &str) -> Result<PgConnectOptions, DatabaseUrlError> {
    let name = format!("{schema}-service");
    let options = PgConnectOptions::from_str(url.as_str()).map_err(|_| DatabaseUrlError { variable })?;
    Ok(options.application_name(&name).options(PLANS).options([
        ("search_path", schema),
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]))
}

/// A pool for writes. It connects on first use, so a service starts even while the database is unavailable.
///
/// # Errors
/// [`DatabaseUrlError`] when the client library refuses the URL.
pub fn pool(config: &PostgresConfig, schema: &str) -> Result<PgPool, DatabaseUrlError> {
    let options = options(&config.database_url, "DATABASE_URL", schema)?;
    Ok(pool_options(config.database_connections_max).connect_lazy_with(options))
}

/// A pool for queries: read-only connections, to the replica if there is one.
///
/// # Errors
/// As [`pool`].
pub fn read_pool(config: &PostgresConfig, schema: &str) -> Result<PgPool, DatabaseUrlError> {
    let (url, variable) = match &config.database_read_url {
        Some(url) => (url, "DATABASE_READ_URL"),
        None => (&config.database_url, "DATABASE_URL"),
    };
    let options = options(url, variable, schema)?.options([("default_transaction_read_only", "on")]);
    Ok(pool_options(config.database_connections_max).connect_lazy_with(options))
}

fn pool_options(connections_max: Whole<1, 10_000>) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections_max.get()).acquire_timeout(ACQUIRE_TIMEOUT)
}

/// Checks that the database is reachable, for `/readyz`.
///
/// # Errors
/// A description of the error.
pub async fn check(pool: PgPool) -> Result<(), String> {
    sqlx::query("select 1").execute(&pool).await.map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_url_names_its_variable_and_not_its_password() {
        let url = "postgres://ord%ffers:sesame@host/db".parse().unwrap();
        let text = options(&url, "DATABASE_READ_URL", "orders").unwrap_err().to_string();
        assert!(text.starts_with("DATABASE_READ_URL must be a URL") && !text.contains("sesame"), "{text}");
    }
}
