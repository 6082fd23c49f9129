//! The connection to Redis, which may be away at any time.

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::time::Duration;

/// A connection that is made when it is first used, and again when it broke; each try gives up after `timeout`.
///
/// # Errors
/// When the address is malformed.
pub(crate) fn lazily(url: &str, timeout: Duration) -> Result<ConnectionManager, redis::RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout))
        .set_number_of_retries(1);
    ConnectionManager::new_lazy_with_config(redis::Client::open(url)?, config)
}
