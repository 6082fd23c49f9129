//! A connection to Redis that tolerates outages.

use configuration::{RedisUrl, RefusedRedisUrl};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::time::Duration;

/// A connection that is opened on first use and reopened when it breaks. Each attempt times out after `timeout`.
///
/// # Errors
/// When the client library refuses the URL.
pub(crate) fn connect_lazily(url: &RedisUrl, timeout: Duration) -> Result<ConnectionManager, RefusedRedisUrl> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout))
        .set_number_of_retries(1);
    url.open(|url| ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config))
}

/// Runs a command, and once more if the connection had broken: its manager reports that to the first command after an
/// outage, and only then connects again.
pub(crate) async fn repeated_once<T, F>(command: impl Fn() -> F) -> Result<T, redis::RedisError>
where
    F: Future<Output = Result<T, redis::RedisError>>,
{
    match command().await {
        Err(failure) if failure.is_io_error() => command().await,
        result => result,
    }
}
