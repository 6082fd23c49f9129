//! The cache where router-service finds a cheque before its event arrives.
//!
//! It only speeds up the first opening of a link. A lost entry is published again on request, so no operation waits for
//! the cache for long, and none fails because of it.

use configuration::RedisUrl;
use contracts::ids::ChequeHash;
use contracts::ocr::ChequeRecognized;
use redis::aio::ConnectionManager;
use redis_connection::{RedisError, connect_lazily};
use std::time::Duration;
use time::OffsetDateTime;
use tls::ConnectTls;
use tracing::warn;

/// Time limit for a cache operation.
const TIMEOUT: Duration = Duration::from_millis(200);

/// How long the cache holds a cheque at most, in seconds.
const SECONDS_MAX: i64 = 24 * 60 * 60;

/// The client of the cache; cheap to clone.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
}

impl Cache {
    /// Creates a client for `url`. It connects on first use, so the service starts without the cache.
    ///
    /// # Errors
    /// As [`connect_lazily`].
    pub fn new(url: &RedisUrl, tls: &ConnectTls) -> Result<Self, RedisError> {
        Ok(Self { connection: connect_lazily(url, tls, TIMEOUT)? })
    }

    /// Stores a cheque for a day, or until it expires: router-service reads it within seconds.
    pub async fn put(&self, recognized: &ChequeRecognized, now: OffsetDateTime) {
        let Ok(json) = serde_json::to_string(recognized) else { return };
        let seconds = (recognized.expires_at - now).whole_seconds().min(SECONDS_MAX);
        if seconds < 1 {
            return;
        }
        let mut command = redis::cmd("SET");
        command.arg(key(&recognized.hash)).arg(json).arg("EX").arg(seconds);
        self.run("store", &recognized.hash, &command).await;
    }

    /// Deletes a cheque.
    pub async fn delete(&self, hash: &ChequeHash) {
        let mut command = redis::cmd("DEL");
        command.arg(key(hash));
        self.run("delete", hash, &command).await;
    }

    async fn run(&self, operation: &'static str, hash: &ChequeHash, command: &redis::Cmd) {
        let failure = match tokio::time::timeout(TIMEOUT, self.try_run(command)).await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "timed out".to_owned(),
        };
        metrics::counter!("ocr_cache_failures_total").increment(1);
        let cheque = hash.shortened();
        warn!(%cheque, error = failure, "the cache did not {operation} cheque {cheque}; router-service will request it");
    }

    async fn try_run(&self, command: &redis::Cmd) -> Result<(), redis::RedisError> {
        let mut connection = self.connection.clone();
        match command.exec_async(&mut connection).await {
            // The connection broke earlier. Its manager reports that once more, and connects for the next command.
            Err(failure) if failure.is_io_error() => command.exec_async(&mut connection).await,
            result => result,
        }
    }
}

fn key(hash: &ChequeHash) -> String {
    format!("cheque:{hash}")
}
