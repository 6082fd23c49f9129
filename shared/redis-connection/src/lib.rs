//! A connection to Redis that tolerates outages.

use configuration::{RedisUrl, RefusedRedisUrl};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, TlsCertificates};
use std::fs;
use std::time::Duration;
use tls::{ConnectTls, ConnectTlsError};

/// Why Redis can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The client library refuses the URL.
    #[error(transparent)]
    Url(#[from] RefusedRedisUrl),
    /// Redis is beyond loopback and not reached with TLS, or the authorities can't be read.
    #[error(transparent)]
    Tls(#[from] ConnectTlsError),
}

/// A connection to the Redis of `REDIS_URL` that is opened on first use and reopened when it breaks. Each attempt times
/// out after `timeout`.
///
/// # Errors
/// [`RedisError`].
pub fn connect_lazily(url: &RedisUrl, tls: &ConnectTls, timeout: Duration) -> Result<ConnectionManager, RedisError> {
    tls.check("REDIS_URL", "begin with rediss://", url.peer())?;
    let authorities = tls.authorities()?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout))
        .set_number_of_retries(1);
    let is_encrypted = url.peer().is_verified;
    Ok(url.open(|url| {
        let client = match authorities.filter(|_| is_encrypted) {
            Some(file) => {
                let root_cert = Some(fs::read(file)?);
                Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })?
            }
            None => Client::open(url)?,
        };
        ConnectionManager::new_lazy_with_config(client, config)
    })?)
}

/// Runs a command, and once more if the connection had broken: its manager reports that to the first command after an
/// outage, and only then connects again.
///
/// # Errors
/// Those of the client library.
pub async fn repeated_once<T, F>(command: impl Fn() -> F) -> Result<T, redis::RedisError>
where
    F: Future<Output = Result<T, redis::RedisError>>,
{
    match command().await {
        Err(failure) if failure.is_io_error() => command().await,
        result => result,
    }
}
