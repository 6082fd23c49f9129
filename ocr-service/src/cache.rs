//! The cache in which router-service finds a cheque before its event arrives.
//!
//! It is a hand-off and nothing more: what it loses is announced again. So nothing waits for it, and nothing fails
//! because of it.

use contracts::ids::ChequeHash;
use contracts::ocr::ChequeRecognized;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::time::Duration;
use time::OffsetDateTime;
use tracing::warn;

/// Longest wait for the cache.
const TIMEOUT: Duration = Duration::from_millis(200);

/// The cache; cheap to clone.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
}

impl Cache {
    /// The cache at `url`. It connects when first used, so a service starts while the cache is away.
    ///
    /// # Errors
    /// When the URL is malformed.
    pub fn new(url: &str) -> Result<Self, redis::RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)?;
        Ok(Self { connection })
    }

    /// Puts a cheque in, until it expires.
    pub async fn put(&self, recognized: &ChequeRecognized, now: OffsetDateTime) {
        let Ok(json) = serde_json::to_string(recognized) else { return };
        let seconds = (recognized.expires_at - now).whole_seconds();
        if seconds < 1 {
            return;
        }
        let mut command = redis::cmd("SET");
        command.arg(key(&recognized.hash)).arg(json).arg("EX").arg(seconds);
        self.run("put a cheque into the cache", &command).await;
    }

    /// Takes a cheque out.
    pub async fn delete(&self, hash: &ChequeHash) {
        let mut command = redis::cmd("DEL");
        command.arg(key(hash));
        self.run("take a cheque out of the cache", &command).await;
    }

    async fn run(&self, deed: &'static str, command: &redis::Cmd) {
        let mut connection = self.connection.clone();
        let failure = match tokio::time::timeout(TIMEOUT, command.exec_async(&mut connection)).await {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.to_string(),
            Err(_) => "timed out".to_owned(),
        };
        metrics::counter!("ocr_cache_failures_total").increment(1);
        warn!(error = failure, "could not {deed}; router-service will ask for it");
    }
}

fn key(hash: &ChequeHash) -> String {
    format!("cheque:{hash}")
}
