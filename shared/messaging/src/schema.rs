//! Creates the tables of outbox, inbox and dead letters, for programs without migrations of their own.
//!
//! A program that has migrations copies the files of `shared/messaging/migrations` into them, unchanged.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use sqlx::migrate::{MigrateError, Migrator};

/// The table that records which files were applied, separate from the program's own migrations.
const TABLE: &str = "messaging_migrations";

/// Creates missing tables in the first schema of the connection's search path. Concurrent calls wait for each other.
///
/// It needs the right to create tables, which a running service should not have: call it where the program creates its
/// own tables.
///
/// Call it as the schema's owner, not as a superuser: the functions that maintain the partitions run with the rights of
/// their owner. If you must use a superuser, first create the roles `<schema>_owner` and `<schema>_monitor`
/// (`nologin`): they become the owners. A role `<schema>_service`, if it exists, gets the rights that a service needs.
///
/// # Errors
/// If the database refuses, or a file differs from the one that was applied before.
pub async fn install(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut migrator = files();
    migrator.dangerous_set_table_name(TABLE);
    migrator.run(connection).await
}

/// Changes if the files change, for programs that keep a database on which [`install`] was run.
pub fn fingerprint() -> String {
    let mut hasher = Sha256::new();
    for file in files().iter() {
        hasher.update(&file.checksum);
    }
    format!("{:x}", hasher.finalize())
}

fn files() -> Migrator {
    sqlx::migrate!("./migrations")
}
