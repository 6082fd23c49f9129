//! A separate database for each test, copied from a template that is created once.

use crate::ledger;
use crate::servers::unique_name;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::Duration;

/// Connections of one service's pool: many tests share a server, whose default limit is one hundred.
const POOL_MAX: u32 = 4;
/// An idle connection is closed so that other tests can use it.
const IDLE_LIMIT: Duration = Duration::from_secs(2);

/// Maximum length of a schema's name. It is inserted into statements.
const NAME_BYTES_MAX: usize = 40;

/// A database on the test server.
pub(crate) struct Database {
    name: String,
    server: PgConnectOptions,
}

/// A template being prepared: the schemas of services, and any other tables of a project.
pub struct Template {
    database: PgConnectOptions,
    pools: tokio::sync::Mutex<Vec<PgPool>>,
}

impl Template {
    /// The schema of a service with its messaging tables, as [`Harness::service`](crate::Harness::service) creates it:
    /// run the service's own migrations on this pool.
    ///
    /// # Panics
    /// If the database refuses.
    pub async fn service(&self, service: &str) -> PgPool {
        let pool = pool(&self.database, service);
        install(&pool, service).await;
        self.pools.lock().await.push(pool.clone());
        pool
    }
}

impl Database {
    /// A copy of the template with this fingerprint. `prepare` creates the template if it does not exist.
    pub(crate) async fn copied(server_url: &str, fingerprint: &str, prepare: impl AsyncFnOnce(&Template)) -> Self {
        let server = server(server_url);
        let template = template(&server, fingerprint, prepare).await;
        let name = unique_name();
        let mut connection = connect(&server).await;
        execute(&mut connection, &format!("create database {name} template {template}")).await;
        Self { name, server }
    }

    /// A pool with the service's schema as its search path.
    pub(crate) fn pool(&self, service: &str) -> PgPool {
        pool(&self.server.clone().database(&self.name), service)
    }

    /// Deletes the database even if it has connections.
    pub(crate) fn deletion(&self) -> impl FnOnce() + Send + use<> {
        let (server, statement) = (self.server.clone(), format!("drop database {} with (force)", self.name));
        move || {
            // A destructor can't wait on the test's own runtime, so this thread has its own.
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(async { execute(&mut connect(&server).await, &statement).await });
            }
        }
    }
}

/// Creates a service's schema and what is missing in it: its tables, the inbox's partitions, the ledger's triggers.
pub(crate) async fn install(pool: &PgPool, service: &str) {
    let mut connection = pool.acquire().await.expect("connect to the test database");
    execute(&mut connection, &format!("create schema if not exists {service}")).await;
    rabbit_outbox::schema::install(&mut connection).await.expect("install the tables of outbox and inbox");
    // A template may be older than a day.
    execute(&mut connection, "select inbox_create_partitions(7, 3)").await;
    execute(&mut connection, &ledger::triggers(service)).await;
}

/// The name of the template; the first test creates it.
async fn template(server: &PgConnectOptions, fingerprint: &str, prepare: impl AsyncFnOnce(&Template)) -> String {
    // If another compiler hashes differently, it creates another template, not a wrong one.
    let mut hasher = DefaultHasher::new();
    (fingerprint, rabbit_outbox::schema::fingerprint(), ledger::TABLES, ledger::triggers("")).hash(&mut hasher);
    let name = format!("messaging_testing_template_{:016x}", hasher.finish());
    let mut connection = locked(server, &name).await;
    let ready: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1 and datistemplate)")
            .bind(&name)
            .fetch_one(&mut connection)
            .await
            .expect("look for the template");
    if !ready {
        // A template that was not finished is not marked as one.
        execute(&mut connection, &format!("drop database if exists {name} with (force)")).await;
        execute(&mut connection, &format!("create database {name}")).await;
        let made = Template { database: server.clone().database(&name), pools: tokio::sync::Mutex::default() };
        let mut inside = connect(&made.database).await;
        execute(&mut inside, ledger::TABLES).await;
        prepare(&made).await;
        let _ = inside.close().await;
        for pool in made.pools.into_inner() {
            pool.close().await;
        }
        execute(&mut connection, &format!("alter database {name} is_template true")).await;
    }
    // Closing the session releases the lock.
    let _ = connection.close().await;
    name
}

fn pool(database: &PgConnectOptions, service: &str) -> PgPool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let named = service.bytes().all(plain) && !service.is_empty() && service.len() <= NAME_BYTES_MAX;
    assert!(named, "`{service}` is not a valid service name: use lower-case letters, digits and `_`");
    let options = database.clone().options([("search_path", service)]);
    PgPoolOptions::new().max_connections(POOL_MAX).idle_timeout(IDLE_LIMIT).connect_lazy_with(options)
}

/// A connection that holds the exclusive lock `name` among all tests on the server, until it is closed.
pub(crate) async fn locked(server: &PgConnectOptions, name: &str) -> PgConnection {
    let mut connection = connect(server).await;
    sqlx::query("select pg_advisory_lock(hashtext($1))")
        .bind(name)
        .execute(&mut connection)
        .await
        .unwrap_or_else(|failure| panic!("wait for the lock {name}: {failure}"));
    connection
}

/// Connection options for the server that the environment names.
pub(crate) fn server(url: &str) -> PgConnectOptions {
    PgConnectOptions::from_str(url).expect("TEST_DATABASE_URL is a URL")
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    options.connect().await.expect("connect to the test database server")
}

async fn execute(connection: &mut PgConnection, statement: &str) {
    // Names are generated here or checked by `pool`, so they need no quoting.
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|failure| panic!("{statement}: {failure}"));
}
