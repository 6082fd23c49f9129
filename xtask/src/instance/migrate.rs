//! Creates the database and runs its migrations.

use std::process::Command;

use servers::postgres_folder;

use crate::checkout::Checkout;
use crate::failure::{Doing, Failure};
use crate::instance::backing::{Backing, DATABASE, start_postgres};
use crate::instance::plan::Plan;

/// Creates the private server's database if it does not exist, and runs `migrations`.
///
/// # Errors
/// Fails with the output of the failed program.
pub(crate) fn migrate(plan: &Plan, backing: &Backing) -> Result<(), Failure> {
    if let Some(url) = backing.maintenance_url() {
        create_database(&url, DATABASE, false)?;
    }
    run_migrations(plan, backing)
}

/// Migrates the schemas of an existing database.
///
/// # Errors
/// Fails with the output of `migrations`.
pub(crate) fn run_migrations(plan: &Plan, backing: &Backing) -> Result<(), Failure> {
    let passwords = backing.passwords();
    let output = Command::new(Checkout::program("migrations", plan.release))
        .env("DATABASE_URL", backing.database_url())
        .envs(passwords.of_roles())
        .env("LOG_FORMAT", "text")
        .output()
        .doing("run `migrations`")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let log = plan.log("migrations");
    servers::write_private(&log, &text).doing(format!("write {}", log.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("migrations failed:\n{text}")))
}

/// Deletes a schema with everything in it from the private server, which is started for this.
///
/// # Errors
/// Fails if the server does not start, or with psql's output.
pub(crate) fn drop_schema(plan: &Plan, schema: &str) -> Result<(), Failure> {
    let mut server = start_postgres(plan)?;
    let dropped = psql(&server.url(DATABASE), &format!("drop schema if exists \"{schema}\" cascade"));
    server.stop();
    dropped.map(drop)
}

/// Creates `database` on the server of `maintenance_url` unless it exists. With `fresh`, an existing one is dropped
/// first.
///
/// # Errors
/// Fails with psql's output.
pub(crate) fn create_database(maintenance_url: &str, database: &str, fresh: bool) -> Result<(), Failure> {
    if fresh {
        psql(maintenance_url, &format!("drop database if exists \"{database}\""))?;
    }
    let exists = psql(maintenance_url, &format!("select 1 from pg_database where datname = '{database}'"))?;
    if exists.trim().is_empty() {
        psql(maintenance_url, &format!("create database \"{database}\""))?;
    }
    Ok(())
}

/// Runs one statement and returns its output without decoration.
///
/// # Errors
/// Fails with psql's output.
fn psql(url: &str, sql: &str) -> Result<String, Failure> {
    let programs = postgres_folder().ok_or_else(|| Failure::new("PostgreSQL's programs are not installed"))?;
    let output = Command::new(programs.join("psql"))
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .arg(url)
        .output()
        .doing("run psql")?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::new(format!("psql: {}", String::from_utf8_lossy(&output.stderr))))
}
