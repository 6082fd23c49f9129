//! Schemas, roles and tables of every service, applied in one step by an administrator.
//!
//! Each service has its own schema and its own role, which cannot access anything else. Migrations only go forward, and
//! the previous release must run on the new schema.

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::error::Error;
use std::str::FromStr;

static ORDERS: Migrator = sqlx::migrate!("./orders");
static PAYMENTS: Migrator = sqlx::migrate!("./payments");
static OCR: Migrator = sqlx::migrate!("./ocr");
static ROUTER: Migrator = sqlx::migrate!("./router");
static USERS: Migrator = sqlx::migrate!("./users");

/// Passwords of the services' database roles.
#[derive(Clone, Copy)]
pub struct Passwords<'a> {
    /// Password of `orders_service`.
    pub orders: &'a str,
    /// Password of `payments_service`.
    pub payments: &'a str,
    /// Password of `ocr_service`.
    pub ocr: &'a str,
    /// Password of `router_service`.
    pub router: &'a str,
    /// Password of `users_service`.
    pub users: &'a str,
}

/// Why migrating failed. Applied migrations stay; run it again after fixing the cause.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Connecting failed.
    #[error("connect to the database")]
    Connect(#[source] sqlx::Error),
    /// A role or schema could not be created.
    #[error("create role and schema `{schema}`")]
    Prepare {
        /// The schema.
        schema: &'static str,
        /// The database's error.
        source: sqlx::Error,
    },
    /// A migration failed, or differs from the applied version.
    #[error("migrate schema `{schema}`")]
    Migrate {
        /// The schema.
        schema: &'static str,
        /// The cause.
        source: sqlx::migrate::MigrateError,
    },
}

impl MigrateError {
    /// Formats the error with its causes in one line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(source) = cause {
            text = format!("{text}: {source}");
            cause = source.source();
        }
        text
    }
}

/// Migrates every schema to the latest version. Concurrent runs wait for each other.
///
/// # Errors
/// [`MigrateError`] of the first step that fails.
pub async fn apply(database_url: &str, passwords: &Passwords<'_>) -> Result<(), MigrateError> {
    let options =
        PgConnectOptions::from_str(database_url).map_err(MigrateError::Connect)?.application_name("migrations");
    apply_schema(&options, "orders", passwords.orders, &ORDERS).await?;
    apply_schema(&options, "payments", passwords.payments, &PAYMENTS).await?;
    apply_schema(&options, "ocr", passwords.ocr, &OCR).await?;
    apply_schema(&options, "router", passwords.router, &ROUTER).await?;
    apply_schema(&options, "users", passwords.users, &USERS).await
}

/// A hash that changes with any migration.
pub fn fingerprint() -> u64 {
    let migrations = [&ORDERS, &PAYMENTS, &OCR, &ROUTER, &USERS].into_iter().flat_map(Migrator::iter);
    let checksums = migrations.flat_map(|migration| migration.checksum.iter());
    checksums.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

async fn apply_schema(
    options: &PgConnectOptions,
    schema: &'static str,
    password: &str,
    migrator: &Migrator,
) -> Result<(), MigrateError> {
    let options = options.clone().options([("search_path", schema)]);
    let mut connection = options.connect().await.map_err(MigrateError::Connect)?;
    prepare(&mut connection, schema, password).await.map_err(|source| MigrateError::Prepare { schema, source })?;
    migrator.run(&mut connection).await.map_err(|source| MigrateError::Migrate { schema, source })?;
    // The migrations are committed; a failure to close the connection changes nothing.
    let _ = connection.close().await;
    Ok(())
}

/// Creates the role and the schema unless they exist; sets the password every time.
async fn prepare(connection: &mut PgConnection, schema: &str, password: &str) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin().await?;
    // Roles belong to the whole server, and two sessions that change the same role concurrently get an error. The lock
    // is per database, but only tests migrate databases of one server concurrently, and those use one template.
    sqlx::query("select pg_advisory_xact_lock(hashtext('chipin migrations'))").execute(&mut *tx).await?;
    let statements: Vec<String> =
        sqlx::query_scalar(include_str!("prepare.sql")).bind(schema).bind(password).fetch_all(&mut *tx).await?;
    for statement in statements {
        // The server itself has quoted the values with format().
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    tx.commit().await
}
