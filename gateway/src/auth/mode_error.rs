//! Why an authentication mode can't be used.

/// Why an authentication mode can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthModeError {
    /// Any machine on the network could claim to be any user.
    #[error(
        "`header` mode trusts every client, and {0} is not a loopback address: listen on 127.0.0.1, or require sign-in \
         with AUTH_MODE=jwt"
    )]
    InsecureHeaderMode(std::net::SocketAddr),
    /// Without a secret, services could not distinguish the gateway from other clients.
    #[error("`jwt` needs GATEWAY_SECRET, the secret shared with the services")]
    MissingSecret,
    /// The URL of Redis is malformed.
    #[error("parse REDIS_URL")]
    Redis(#[from] redis::RedisError),
}
