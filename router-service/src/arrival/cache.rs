//! Redis, where ocr-service stores new cheques. It is only a cache: links open without it too.

use contracts::ids::ChequeHash;
use contracts::ocr::ChequeRecognized;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tracing::warn;

/// How long a request waits for the cache.
const TIMEOUT: Duration = Duration::from_millis(200);

/// The client of the cache; cheap to clone.
#[derive(Clone)]
pub struct Cache {
    client: redis::Client,
    connection: Arc<Mutex<Option<MultiplexedConnection>>>,
}

impl Cache {
    /// Creates the client; it connects on first use.
    ///
    /// # Errors
    /// If the URL is malformed.
    pub fn new(url: &str) -> Result<Self, redis::RedisError> {
        Ok(Self { client: redis::Client::open(url)?, connection: Arc::default() })
    }

    /// The cached cheque; `None` if it is missing or unreadable, or if the cache does not answer in time.
    pub async fn find(&self, hash: &ChequeHash) -> Option<ChequeRecognized> {
        let text = match tokio::time::timeout(TIMEOUT, self.get(&format!("cheque:{hash}"))).await {
            Ok(Ok(text)) => text?,
            Ok(Err(failure)) => {
                self.reset_connection();
                warn!(error = %failure, "the cache failed: links wait for their events");
                return None;
            }
            Err(_) => {
                self.reset_connection();
                warn!(patience_ms = TIMEOUT.as_millis(), "the cache is slow: links wait for their events");
                return None;
            }
        };
        match serde_json::from_str::<ChequeRecognized>(&text) {
            Ok(read) if read.hash == *hash => Some(read),
            Ok(_) => None,
            Err(failure) => {
                warn!(error = %failure, "read a cheque from the cache");
                None
            }
        }
    }

    async fn get(&self, key: &str) -> Result<Option<String>, redis::RedisError> {
        let mut connection = self.connected().await?;
        connection.get(key).await
    }

    /// Makes the next call connect again, unless another task is connecting already.
    fn reset_connection(&self) {
        if let Ok(mut slot) = self.connection.try_lock() {
            *slot = None;
        }
    }

    async fn connected(&self) -> Result<MultiplexedConnection, redis::RedisError> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = slot.as_ref() {
            return Ok(connection.clone());
        }
        let connection = self.client.get_multiplexed_async_connection().await?;
        *slot = Some(connection.clone());
        Ok(connection)
    }
}
