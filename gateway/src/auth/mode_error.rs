//! Why an authentication mode can't be used.

use redis_connection::RedisError;

/// Why an authentication mode can't be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthModeError {
    /// Any machine on the network could claim to be any user.
    #[error(
        "AUTH_MODE=header trusts every client, and {variable}={address} is not a loopback address: listen on 127.0.0.1, \
         or require sign-in with AUTH_MODE=jwt"
    )]
    InsecureHeaderMode {
        /// The variable of the address.
        variable: &'static str,
        /// The address.
        address: std::net::SocketAddr,
    },
    /// Without its key, a service could not distinguish the gateway from other clients.
    #[error(
        "{0} is not set: AUTH_MODE=jwt, the default unless all addresses are loopback, needs TICKET_KEYS and the key of \
         each service"
    )]
    MissingKey(&'static str),
    /// A service could sign tickets, or requests to another service.
    #[error("{0} and {1} are the same key: each service needs its own, and so do tickets (`openssl rand -hex 32`)")]
    SharedKey(&'static str, &'static str),
    /// Anybody could be one of the demo users, and the page would show how.
    #[error(
        "DEMO_USERS=true shows a public password, and {variable}={address} is not a loopback address: listen on \
         127.0.0.1, or set DEMO_USERS=false here and in users-service"
    )]
    InsecureDemoUsers {
        /// The variable of the address.
        variable: &'static str,
        /// The address.
        address: std::net::SocketAddr,
    },
    /// The client library refuses the URL of Redis, or it needs TLS.
    #[error(transparent)]
    Redis(#[from] RedisError),
}
