//! Redis, where ocr-service stores new cheques. It is only a cache: links open without it too.

use configuration::RedisUrl;
use contracts::ids::ChequeHash;
use contracts::ocr::ChequeRecognized;
use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use redis_connection::{RedisError, connect_lazily};
use std::time::Duration;
use tls::ConnectTls;
use tracing::warn;

/// How long a request waits for the cache.
const TIMEOUT: Duration = Duration::from_millis(200);

/// The client of the cache; cheap to clone.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
}

impl Cache {
    /// Creates the client. It connects on first use, and again when the connection breaks.
    ///
    /// # Errors
    /// As [`connect_lazily`].
    pub fn new(url: &RedisUrl, tls: &ConnectTls) -> Result<Self, RedisError> {
        Ok(Self { connection: connect_lazily(url, tls, TIMEOUT)? })
    }

    /// The cached cheque; `None` if it is missing or unreadable, or if the cache does not answer in time.
    pub async fn find(&self, hash: &ChequeHash) -> Option<ChequeRecognized> {
        let text = match tokio::time::timeout(TIMEOUT, self.get(&format!("cheque:{hash}"))).await {
            Ok(Ok(text)) => text?,
            Ok(Err(failure)) => {
                warn!(error = %failure, "the cache failed: links wait for their events");
                return None;
            }
            Err(_) => {
                warn!(patience_ms = TIMEOUT.as_millis(), "the cache is slow: links wait for their events");
                return None;
            }
        };
        match serde_json::from_str::<ChequeRecognized>(&text) {
            Ok(read) if read.hash == *hash => Some(read),
            Ok(_) => None,
            Err(failure) => {
                // The parser's text quotes what it did not expect.
                let (line, column) = (failure.line(), failure.column());
                warn!(line, column, cheque = %hash.shortened(), "a cheque in the cache could not be read");
                None
            }
        }
    }

    async fn get(&self, key: &str) -> Result<Option<String>, redis::RedisError> {
        let mut connection = self.connection.clone();
        match connection.get(key).await {
            // The connection broke earlier. Its manager reports that once more, and connects for the next command.
            Err(failure) if failure.is_io_error() => connection.get(key).await,
            result => result,
        }
    }
}
