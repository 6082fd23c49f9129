//! A separate database for each test, copied from a template that is migrated once.

use crate::{unique, variable};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Row};
use std::str::FromStr;

/// Password of every service's role on the test server.
const PASSWORD: &str = "test";

/// The names of all services that have a schema.
pub fn services() -> impl Iterator<Item = &'static str> + Clone {
    migrations::SCHEMAS.iter().map(|schema| schema.name)
}

/// A database on the test server; dropping it deletes it.
pub struct TestDatabase {
    name: String,
    admin_url: String,
}

impl TestDatabase {
    /// A database with every schema, role and table of the product.
    ///
    /// # Panics
    /// When the server rejects a statement, or a migration fails.
    pub async fn migrated() -> Self {
        let admin_url = variable("TEST_DATABASE_URL");
        let template = template(&admin_url).await;
        Self::copy(admin_url, &template).await
    }

    /// An empty database.
    ///
    /// # Panics
    /// When the server rejects a statement.
    pub async fn empty() -> Self {
        Self::copy(variable("TEST_DATABASE_URL"), "template1").await
    }

    /// The URL for the administrator.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is malformed.
    pub fn admin_url(&self) -> String {
        let options = PgConnectOptions::from_str(&self.admin_url).expect("TEST_DATABASE_URL is a URL");
        options.database(&self.name).to_url_lossy().to_string()
    }

    /// The URL for a service's own role; `service` is the name of its schema.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is malformed.
    pub fn service_url(&self, service: &str) -> String {
        let options = PgConnectOptions::from_str(&self.admin_url).expect("TEST_DATABASE_URL is a URL");
        let role = format!("{service}_service");
        options.database(&self.name).username(&role).password(PASSWORD).to_url_lossy().to_string()
    }

    /// A pool of the administrator, with `schema` as its search path.
    ///
    /// # Panics
    /// When the URL is malformed.
    pub fn admin_pool(&self, schema: &str) -> PgPool {
        let options = PgConnectOptions::from_str(&self.admin_url()).expect("our own URL is well-formed");
        PgPool::connect_lazy_with(options.options([("search_path", schema)]))
    }

    async fn copy(admin_url: String, template: &str) -> Self {
        let name = unique("test");
        let mut connection = connect(&admin_url).await;
        execute(&mut connection, &format!("create database {name} template {template}")).await;
        // Privileges of a database are not copied with it, so the migration's changes of them are repeated for the
        // copy.
        execute(&mut connection, &format!("revoke temporary on database {name} from public")).await;
        Self { name, admin_url }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("drop database {} with (force)", self.name);
        let admin_url = self.admin_url.clone();
        // A destructor can't wait for the test's own runtime, so it uses another one.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                runtime.block_on(async {
                    let mut connection = connect(&admin_url).await;
                    execute(&mut connection, &statement).await;
                });
            }
        });
        // A failed test reports its own reason; a leftover database does not matter then.
        let _ = dropped.join();
    }
}

/// The migrated template for the current migrations; created by the first test that needs it.
async fn template(admin_url: &str) -> String {
    let name = format!("chipin_template_{:x}", migrations::fingerprint());
    let mut connection = connect(admin_url).await;
    sqlx::query("select pg_advisory_lock(hashtext('chipin template'))")
        .execute(&mut connection)
        .await
        .expect("lock the creation of the template");
    let ready: bool = sqlx::query("select exists (select from pg_database where datname = $1 and datistemplate)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await
        .and_then(|row| row.try_get(0))
        .expect("look for the template");
    if !ready {
        // An unfinished template is not marked as one.
        execute(&mut connection, &format!("drop database if exists {name} with (force)")).await;
        execute(&mut connection, &format!("create database {name}")).await;
        let options = PgConnectOptions::from_str(admin_url).expect("TEST_DATABASE_URL is a URL").database(&name);
        migrations::apply(options.to_url_lossy().as_str(), |_| PASSWORD.to_owned())
            .await
            .unwrap_or_else(|failure| panic!("migrate the template: {}", failure.chain()));
        execute(&mut connection, &format!("alter database {name} is_template true")).await;
    }
    // Closing the session releases the lock.
    let _ = connection.close().await;
    name
}

async fn connect(url: &str) -> PgConnection {
    let options = PgConnectOptions::from_str(url).expect("TEST_DATABASE_URL is a URL");
    options.connect().await.expect("connect to the test database server")
}

async fn execute(connection: &mut PgConnection, statement: &str) {
    // The names come from `unique` or consist of hexadecimal digits, so nothing needs quoting.
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|failure| panic!("{statement}: {failure}"));
}
