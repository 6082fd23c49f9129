//! A running users-service with its own database and virtual host.

use sqlx::PgPool;
use std::path::{Path, PathBuf};
use testkit::{Client, Program, TestBroker, TestDatabase, TestResponse, unique};

// Fields are dropped in this order: the program before its dependencies.
pub(crate) struct Stage {
    pub(crate) program: Program,
    pub(crate) broker: TestBroker,
    pub(crate) pool: PgPool,
    keys: PathBuf,
    database: TestDatabase,
}

pub(crate) const PASSWORD: &str = "correct horse";

impl Stage {
    pub(crate) async fn new() -> Self {
        let mut stage = Self::without_program().await;
        stage.program.start_again();
        stage.program.ready().await;
        stage
    }

    /// The program is not started yet.
    pub(crate) async fn without_program() -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        broker.capture_events("users").await;
        let keys = std::env::temp_dir().join(unique("chipin_keys"));
        let url = database.service_url("users");
        let program = prepared(&url, &broker, &keys);
        let pool = database.admin_pool("users");
        Self { program, broker, pool, keys, database }
    }

    /// Another program with the same database, broker and keys, not started yet.
    pub(crate) fn prepared(&self) -> Program {
        prepared(&self.database.service_url("users"), &self.broker, &self.keys)
    }

    /// The database, with the rights of the service.
    pub(crate) fn service_url(&self) -> String {
        self.database.service_url("users")
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client::new(&self.program.url())
    }

    pub(crate) async fn post(&self, path: &str, body: serde_json::Value) -> TestResponse {
        self.anonymous().post(path, &body.to_string()).await
    }

    pub(crate) async fn register(&self, login: &str) -> TestResponse {
        self.post("/register", serde_json::json!({"login": login, "password": PASSWORD})).await
    }

    /// Registers an administrator.
    pub(crate) async fn administrator(&self, login: &str) -> TestResponse {
        let session = self.register(login).await;
        sqlx::query("update users set role = 'admin' where login = $1").bind(login).execute(&self.pool).await.unwrap();
        session
    }

    /// The token that `create-admin` prints.
    pub(crate) fn create_admin(&self, arguments: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_users-service"));
        command.arg("create-admin").args(arguments).env("KEYS_DIR", &self.keys).env("AMQP_URL", self.broker.url());
        let output = command.env("DATABASE_URL", self.database.service_url("users")).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
        text.lines().map(str::trim).find(|line| line.len() == 43).unwrap().to_owned()
    }

    pub(crate) async fn login(&self, login: &str, password: &str) -> TestResponse {
        self.post("/login", serde_json::json!({"login": login, "password": password})).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> TestResponse {
        self.post("/refresh", serde_json::json!({"refresh_token": token})).await
    }
}

fn prepared(database_url: &str, broker: &TestBroker, keys: &Path) -> Program {
    let folder = keys.display().to_string();
    let variables = [("DATABASE_URL", database_url), ("AMQP_URL", broker.url()), ("KEYS_DIR", folder.as_str())];
    Program::prepare(env!("CARGO_BIN_EXE_users-service"), &variables)
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.keys);
    }
}

/// The refresh token of a session.
pub(crate) fn refresh_token(session: &TestResponse) -> String {
    session.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// The code of a problem document.
pub(crate) fn code(answer: &TestResponse) -> String {
    answer.json()["code"].as_str().unwrap_or_default().to_owned()
}
