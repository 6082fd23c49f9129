//! The tables of outbox, inbox and dead letters, for programs that have no migrations of their own.
//!
//! A program that has copies the files of `shared/messaging/migrations` into them, unchanged.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use sqlx::migrate::{MigrateError, Migrator};

/// Where it is written down which of the files were applied: apart from the program's own migrations.
const TABLE: &str = "messaging_migrations";

/// Creates what is missing in the first schema of the connection's search path. Concurrent runs wait for each other.
///
/// It needs the right to create tables, which a service that only runs should not have: call it where the program's own
/// tables are made.
///
/// Call it as the schema's owner, not as a superuser: the functions that keep the partitions run with their owner's
/// rights. If a superuser must, create the roles `<schema>_owner` and `<schema>_monitor` (`nologin`) before: they become
/// the owners. A role `<schema>_service`, if there is one, is granted what a service needs.
///
/// # Errors
/// When the database refuses, or a file differs from what was applied before.
pub async fn install(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let mut migrator = files();
    migrator.dangerous_set_table_name(TABLE);
    migrator.run(connection).await
}

/// Another one for other files: for those who keep a database in which [`install`] was run.
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
