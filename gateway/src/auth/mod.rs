//! Who is calling: the one place that knows how callers prove it.

mod header_mode;
mod host;
mod jwt_mode;
mod keys;
mod query;
mod tickets;

use crate::config::{AuthMode, Config};
use chassis::passage::{GatewaySecret, Passenger};
use chassis::problem::Problem;
use header_mode::HeaderMode;
use http::HeaderMap;
use jwt_mode::JwtMode;

pub(crate) use keys::follow;
pub(crate) use query::without_credentials;
pub(crate) use tickets::{LIFE as TICKET_LIFE, ticket_in};

/// Finds out who is calling. Another way to prove it is another variant.
pub(crate) enum Authenticator {
    Header(HeaderMode),
    Jwt(Box<JwtMode>),
}

/// What a request shows to prove who makes it.
pub(crate) struct Credentials<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The query of a socket: browsers can't set its headers. Of no other request.
    pub(crate) socket_query: Option<&'a str>,
    /// Whose ticket the query of a socket held, if it was a good one.
    pub(crate) ticket_of: Option<Passenger>,
}

/// The mode would let strangers in.
#[derive(Debug, thiserror::Error)]
pub enum RefusedMode {
    /// Anybody on the network could be anybody.
    #[error(
        "`header` believes whoever connects, and {0} is not a loopback address: listen on 127.0.0.1, or let people \
         sign in with AUTH_MODE=jwt"
    )]
    Believing(std::net::SocketAddr),
    /// Services would have to believe whoever connects to them.
    #[error("`jwt` needs GATEWAY_SECRET, which the services know too")]
    NoSecret,
    /// The address of Redis is malformed.
    #[error("read REDIS_URL")]
    Redis(#[from] redis::RedisError),
}

impl Authenticator {
    /// The authenticator of the configured mode.
    ///
    /// # Errors
    /// When the mode would let strangers in.
    pub(crate) fn start(config: &Config) -> Result<Self, RefusedMode> {
        match config.mode() {
            AuthMode::Header => HeaderMode::start(config).map(Self::Header),
            AuthMode::Jwt => JwtMode::start(config).map(|mode| Self::Jwt(Box::new(mode))),
        }
    }

    /// Who is calling.
    ///
    /// # Errors
    /// 401 when that is missing, malformed or unclear; 421 when the request was lured here; 503 when it can't be told now.
    pub(crate) fn identify(&self, credentials: &Credentials<'_>) -> Result<Passenger, Problem> {
        match self {
            Self::Header(mode) => mode.identify(credentials),
            Self::Jwt(mode) => mode.identify(credentials),
        }
    }

    /// Who is calling, if the request says so at all.
    ///
    /// # Errors
    /// As [`Authenticator::identify`] when it says so wrongly: a caller who meant to be somebody is never taken for nobody.
    pub(crate) fn identify_if_claimed(&self, credentials: &Credentials<'_>) -> Result<Option<Passenger>, Problem> {
        let is_claimed = match self {
            Self::Header(_) => HeaderMode::is_claimed(credentials),
            Self::Jwt(_) => JwtMode::is_claimed(credentials),
        };
        if is_claimed { self.identify(credentials).map(Some) } else { Ok(None) }
    }

    /// Takes a socket's ticket; nobody can use it again.
    pub(crate) async fn redeem(&self, ticket: &str) -> Option<Passenger> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => mode.tickets.redeem(ticket).await,
        }
    }

    /// A ticket with which a browser opens one socket, where such are used.
    pub(crate) fn ticket(&self, passenger: Passenger) -> Option<String> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => Some(mode.tickets.issue(passenger)),
        }
    }

    /// The keys that tokens are checked with, where there are tokens.
    pub(crate) fn keys(&self) -> Option<keys::Keys> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => Some(mode.keys.clone()),
        }
    }
}

/// The secret that passes are signed with, which `jwt` demands.
fn demanded_secret(config: &Config) -> Result<GatewaySecret, RefusedMode> {
    config.gateway_secret.clone().ok_or(RefusedMode::NoSecret)
}
