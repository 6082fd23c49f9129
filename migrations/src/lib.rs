//! Schemas, roles and tables of every service, applied in one step by an administrator.
//!
//! Each service has its own schema and its own role, which cannot access anything else. Migrations only go forward, and
//! the previous release must run on the new schema.
//!
//! Every schema also has the tables of outbox, inbox and dead letters. Their migrations are those of the messaging crate,
//! applied in one sequence with the service's own: versions 1 and 5 to 19 are reserved for them.

use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use std::error::Error;
use std::str::FromStr;

static MESSAGING: Migrator = sqlx::migrate!("../shared/messaging/migrations");

/// The schema of a service.
pub struct Schema {
    /// Its name, which is the service's.
    pub name: &'static str,
    /// The command line argument with the password of the service's role: `orders-db-password`.
    pub password_argument: &'static str,
    /// The environment variable with that password: `ORDERS_DB_PASSWORD`.
    pub password_variable: &'static str,
    /// The service's own migrations.
    own: Migrator,
}

/// Every schema, by name: each folder with SQL files is one. `build.rs` lists them.
pub static SCHEMAS: &[Schema] = &include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// Why migrating failed. Applied migrations stay; run it again after fixing the cause.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Connecting failed.
    #[error("connect to the database (DATABASE_URL)")]
    Connect(#[source] sqlx::Error),
    /// A role or schema could not be created.
    #[error("create role and schema `{schema}`")]
    Prepare {
        /// The schema.
        schema: &'static str,
        /// The database's error.
        source: sqlx::Error,
    },
    /// A migration was changed after it had been applied.
    #[error(
        "migration {version} of schema `{schema}` was changed after it had been applied: undo the change, and write it \
         as a new migration. If only your own machine has applied it, `cargo xtask reset {schema}` deletes the data of \
         this service there, and the next `cargo xtask up` applies the new text"
    )]
    Changed {
        /// The schema.
        schema: &'static str,
        /// The number of the migration.
        version: i64,
    },
    /// A migration was applied, and its file is not there any more.
    #[error(
        "migration {version} of schema `{schema}` was applied, but has no file: a later release has migrated this \
         database, or the file was renamed or deleted. Restore the file; if only your own machine has applied it, \
         `cargo xtask reset {schema}` deletes the data of this service there"
    )]
    Missing {
        /// The schema.
        schema: &'static str,
        /// The number of the migration.
        version: i64,
    },
    /// A migration failed.
    #[error("migrate schema `{schema}`")]
    Migrate {
        /// The schema.
        schema: &'static str,
        /// The cause.
        source: sqlx::migrate::MigrateError,
    },
}

impl MigrateError {
    fn of(schema: &'static str, source: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as Cause;
        match source {
            Cause::VersionMismatch(version) => Self::Changed { schema, version },
            Cause::VersionMissing(version) => Self::Missing { schema, version },
            source => Self::Migrate { schema, source },
        }
    }

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

/// Migrates every schema to the latest version. Concurrent runs wait for each other. `password_of` returns the password
/// of a schema's role.
///
/// # Errors
/// [`MigrateError`] of the first step that fails.
pub async fn apply(database_url: &str, password_of: impl Fn(&Schema) -> String) -> Result<(), MigrateError> {
    let options =
        PgConnectOptions::from_str(database_url).map_err(MigrateError::Connect)?.application_name("migrations");
    for schema in SCHEMAS {
        apply_schema(&options, schema.name, &password_of(schema), &with_messaging(&schema.own)).await?;
    }
    Ok(())
}

/// Each schema with its migrations, ordered by version: the service's own and those of the messaging tables.
pub fn migrators() -> impl Iterator<Item = (&'static str, Migrator)> {
    SCHEMAS.iter().map(|schema| (schema.name, with_messaging(&schema.own)))
}

fn with_messaging(own: &Migrator) -> Migrator {
    let mut migrations: Vec<Migration> = own.iter().chain(MESSAGING.iter()).cloned().collect();
    migrations.sort();
    Migrator::with_migrations(migrations)
}

/// A hash that changes with any schema and any migration.
pub fn fingerprint() -> u64 {
    let all = SCHEMAS.iter().map(|schema| &schema.own).chain([&MESSAGING]);
    let checksums = all.flat_map(Migrator::iter).flat_map(|migration| migration.checksum.iter());
    let names = SCHEMAS.iter().flat_map(|schema| schema.name.as_bytes());
    let bytes = names.chain(checksums);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
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
    migrator.run(&mut connection).await.map_err(|source| MigrateError::of(schema, source))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::migrate::MigrateError as Cause;

    #[test]
    fn an_edited_migration_is_reported_with_its_remedy() {
        for cause in [Cause::VersionMismatch(3), Cause::VersionMissing(3)] {
            let text = MigrateError::of("parcels", cause).chain();
            assert!(text.starts_with("migration 3 of schema `parcels` was "), "{text}");
            assert!(text.contains("`cargo xtask reset parcels`"), "{text}");
        }
    }
}
