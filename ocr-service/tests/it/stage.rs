//! A running ocr-service with its own database, virtual host and photo folder.

use crate::pictures;
use serde_json::Value;
use sqlx::PgPool;
use std::path::{Path, PathBuf};
use std::process::Command;
use testkit::{Client, Program, TestBroker, TestDatabase, TestRedis, TestResponse, eventually};
use uuid::Uuid;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ocr-service");
pub(crate) const WORKER: &str = env!("CARGO_BIN_EXE_ocr-worker");

pub(crate) struct Stage {
    pub(crate) program: Program,
    pub(crate) broker: TestBroker,
    pub(crate) redis: TestRedis,
    pub(crate) pool: PgPool,
    pub(crate) photos: Photos,
    _database: TestDatabase,
}

/// A folder that is removed with the test.
pub(crate) struct Photos(PathBuf);

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// Like `new`, with further environment variables.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let (database, broker) = (TestDatabase::migrated().await, TestBroker::new().await);
        broker.capture_events("ocr").await;
        broker.capture_events("router").await;
        let (redis, photos) = (TestRedis::numbered(3), Photos(std::env::temp_dir().join(testkit::unique("photos"))));
        let url = database.service_url("ocr");
        let folder = photos.0.to_string_lossy().into_owned();
        let mut all = vec![
            ("DATABASE_URL", url.as_str()),
            ("AMQP_URL", broker.url()),
            ("REDIS_URL", redis.url()),
            ("PHOTOS_DIR", &folder),
            ("OCR_WORKERS", "1"),
        ];
        all.retain(|(name, _)| variables.iter().all(|(other, _)| other != name));
        all.extend(variables);
        let program = Program::start(PROGRAM, &all).await;
        let pool = database.admin_pool("ocr");
        Self { program, broker, redis, pool, photos, _database: database }
    }

    pub(crate) fn user(&self, id: i64) -> Client {
        Client::new(&self.program.url()).as_user(id)
    }

    /// Uploads the slip, and returns the recognised cheque.
    pub(crate) async fn load_slip(&self, user: i64) -> Value {
        let answer = load(&self.user(user), "", &testkit::picture::png(&pictures::slip())).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// Begins to upload a picture that takes long to read, and waits until it is in that state.
    pub(crate) async fn begin_long(&self, state: &str) -> tokio::task::JoinHandle<TestResponse> {
        let (client, id) = (self.user(1), Uuid::new_v4());
        let loading = tokio::spawn({
            let client = client.clone();
            async move { load(&client, &format!("?reading={id}"), &pictures::long_slip()).await }
        });
        eventually(state.to_owned(), async || {
            let reading = client.get(&format!("/readings/{id}")).await.json();
            // A queued picture has a position only after it was received.
            let arrives = reading["state"] == "queued" && !reading["position"].is_u64();
            if arrives { String::new() } else { reading["state"].as_str().unwrap_or_default().to_owned() }
        })
        .await;
        loading
    }

    /// The process ids of its workers.
    pub(crate) fn workers(&self) -> Vec<String> {
        let pid = self.program.pid();
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        threads
            .filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).ok())
            .flat_map(|children| children.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn kill_workers(&self) {
        for pid in self.workers() {
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        }
    }

    pub(crate) async fn count(&self, table: &'static str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

impl Photos {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Number of stored files.
    pub(crate) fn count(&self) -> usize {
        let folders = std::fs::read_dir(&self.0).unwrap();
        folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
    }
}

impl Drop for Photos {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Uploads a file with `POST /load-image`.
pub(crate) async fn load(client: &Client, query: &str, file: &[u8]) -> TestResponse {
    client.upload(&format!("/load-image{query}"), "cheque", "application/octet-stream", file).await
}
