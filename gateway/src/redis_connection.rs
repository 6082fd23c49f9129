//! A connection to Redis that tolerates outages.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::time::Duration;

/// A connection that is opened on first use and reopened when it breaks. Each attempt times out after `timeout`.
///
/// # Errors
/// When the URL is malformed.
pub(crate) fn connect_lazily(url: &str, timeout: Duration) -> Result<ConnectionManager, redis::RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout))
        .set_number_of_retries(1);
    ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)
}
