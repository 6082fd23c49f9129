//! Redis for tests: one of the numbered databases of the server, which tests may share.

use crate::variable;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

/// Numbered databases of a Redis server by default.
const DATABASES: u8 = 16;

/// A database of the test server. Keys of cheques are random, so tests do not conflict. A test that empties the
/// database deletes cached values of others, which they must tolerate.
pub struct TestRedis {
    url: String,
}

impl TestRedis {
    /// The database of this number, modulo 16.
    pub fn numbered(number: u8) -> Self {
        let server = variable("TEST_REDIS_URL");
        Self { url: format!("{}/{}", server.trim_end_matches('/'), number % DATABASES) }
    }

    /// The database at this URL, of a server that the test started.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// The URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The value of a key.
    ///
    /// # Panics
    /// When the server rejects the command.
    pub async fn get(&self, key: &str) -> Option<String> {
        self.connect().await.get(key).await.expect("get a key")
    }

    /// Seconds until a key expires; negative if it does not exist.
    ///
    /// # Panics
    /// When the server rejects the command.
    pub async fn ttl(&self, key: &str) -> i64 {
        self.connect().await.ttl(key).await.expect("ask for the end of a key")
    }

    /// Sets a key.
    ///
    /// # Panics
    /// When the server rejects the command.
    pub async fn set(&self, key: &str, value: &str) {
        self.connect().await.set::<_, _, ()>(key, value).await.expect("set a key");
    }

    /// Deletes all keys.
    ///
    /// # Panics
    /// When the server rejects the command.
    pub async fn flush(&self) {
        redis::cmd("FLUSHDB").exec_async(&mut self.connect().await).await.expect("empty the database");
    }

    async fn connect(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url.as_str()).expect("TEST_REDIS_URL is a URL");
        client.get_multiplexed_async_connection().await.expect("connect to the test server")
    }
}
