//! Authentication: finds out which user a request is made for.

mod header_mode;
mod host;
mod jwt_mode;
mod keys;
mod query;
mod tickets;

use crate::config::{AuthMode, Config};
use header_mode::HeaderMode;
use http::HeaderMap;
use http_api::problem::Problem;
use identity::{GatewaySecret, Principal};
use jwt_mode::JwtMode;

pub(crate) use keys::refresh_keys;
pub(crate) use query::without_credentials;
pub(crate) use tickets::{LIFETIME as TICKET_LIFETIME, ticket_in};

/// The authentication method of this gateway.
pub(crate) enum Authenticator {
    Header(HeaderMode),
    Jwt(Box<JwtMode>),
}

/// The credentials of a request.
pub(crate) struct Credentials<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The query, for WebSockets only: browsers can't set headers when they open one.
    pub(crate) socket_query: Option<&'a str>,
    /// The principal of the ticket in the WebSocket's query, if the ticket was valid.
    pub(crate) ticket_principal: Option<Principal>,
}

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

impl Authenticator {
    /// The authenticator of the configured mode.
    ///
    /// # Errors
    /// When the mode is not safe with this configuration.
    pub(crate) fn start(config: &Config) -> Result<Self, AuthModeError> {
        match config.mode() {
            AuthMode::Header => HeaderMode::start(config).map(Self::Header),
            AuthMode::Jwt => JwtMode::start(config).map(|mode| Self::Jwt(Box::new(mode))),
        }
    }

    /// Identifies the principal of a request.
    ///
    /// # Errors
    /// 401 when the user is missing, malformed or ambiguous; 421 when the request is misdirected (DNS rebinding); 503
    /// when the keys are not known yet.
    pub(crate) fn identify(&self, credentials: &Credentials<'_>) -> Result<Principal, Problem> {
        match self {
            Self::Header(mode) => mode.identify(credentials),
            Self::Jwt(mode) => mode.identify(credentials),
        }
    }

    /// Identifies the principal of a request, or `None` if the request contains no credentials.
    ///
    /// # Errors
    /// As [`Authenticator::identify`] when it contains invalid credentials: these never count as anonymous.
    pub(crate) fn identify_optional(&self, credentials: &Credentials<'_>) -> Result<Option<Principal>, Problem> {
        let has_credentials = match self {
            Self::Header(_) => HeaderMode::has_credentials(credentials),
            Self::Jwt(_) => JwtMode::has_credentials(credentials),
        };
        if has_credentials { self.identify(credentials).map(Some) } else { Ok(None) }
    }

    /// Redeems the ticket of a WebSocket; it can be used once.
    pub(crate) async fn redeem(&self, ticket: &str) -> Option<Principal> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => mode.tickets.redeem(ticket).await,
        }
    }

    /// A ticket with which a browser opens one WebSocket; `None` if this mode has no tickets.
    pub(crate) fn ticket(&self, principal: Principal) -> Option<String> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => Some(mode.tickets.issue(principal)),
        }
    }

    /// The keys that verify tokens; `None` if this mode has no tokens.
    pub(crate) fn keys(&self) -> Option<keys::Keys> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => Some(mode.keys.clone()),
        }
    }
}

/// The secret that signs internal tokens; `jwt` mode requires it.
fn required_secret(config: &Config) -> Result<GatewaySecret, AuthModeError> {
    config.gateway_secret.clone().ok_or(AuthModeError::MissingSecret)
}
