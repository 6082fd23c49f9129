//! The authentication method of a gateway.

use super::credentials::{Credentials, Identified};
use super::header_mode::HeaderMode;
use super::jwt_mode::JwtMode;
use super::keys::Keys;
use super::mode_error::AuthModeError;
use super::sessions::{SessionWatch, Sessions};
use super::unidentified::Unidentified;
use crate::config::{AuthMode, Config};
use crate::upstream::Upstream;
use http_api::problem::Problem;
use identity::{SigningKey, SigningKeys};
use std::sync::Arc;
use uuid::Uuid;

/// The authentication method of this gateway.
pub(crate) enum Authenticator {
    Header(HeaderMode),
    Jwt(Box<JwtMode>),
}

impl Authenticator {
    /// The authenticator of the configured mode.
    ///
    /// # Errors
    /// When the mode or the keys are not safe.
    pub(crate) fn start(config: &Config) -> Result<Self, AuthModeError> {
        require_different_keys(config)?;
        let mut addresses = config.addresses().into_iter();
        let public = addresses.find(|(_, address)| !address.ip().is_loopback());
        if let Some((variable, address)) = public.filter(|_| config.demo_users) {
            return Err(AuthModeError::InsecureDemoUsers { variable, address });
        }
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
    pub(crate) fn identify(&self, credentials: &Credentials<'_>) -> Result<Identified, Unidentified> {
        match self {
            Self::Header(mode) => mode.identify(credentials).map_err(Unidentified::from),
            Self::Jwt(mode) => mode.identify(credentials),
        }
    }

    /// Identifies the principal of a request, or `None` if the request contains no credentials.
    ///
    /// # Errors
    /// As [`Authenticator::identify`] when it contains invalid credentials: these never count as anonymous.
    pub(crate) fn identify_optional(&self, credentials: &Credentials<'_>) -> Result<Option<Identified>, Unidentified> {
        let has_credentials = match self {
            Self::Header(_) => HeaderMode::has_credentials(credentials),
            Self::Jwt(_) => JwtMode::has_credentials(credentials),
        };
        if has_credentials { self.identify(credentials).map(Some) } else { Ok(None) }
    }

    /// Redeems the ticket of a WebSocket; it can be used once.
    pub(crate) async fn redeem(&self, ticket: &str) -> Option<Identified> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => mode.tickets.redeem(ticket).await,
        }
    }

    /// A ticket with which a browser opens one WebSocket; `None` if this mode has no tickets.
    pub(crate) fn ticket(&self, identified: Identified) -> Option<String> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => mode.tickets.issue(identified),
        }
    }

    /// Checks, for an administrator's operation, that the session has not ended a moment ago: users-service is asked.
    ///
    /// # Errors
    /// 401 when it has ended.
    pub(crate) async fn recheck(&self, identified: Identified, users: &Arc<Upstream>) -> Result<(), Unidentified> {
        match (self, identified.session) {
            (Self::Jwt(mode), Some(session)) => mode.recheck(identified.principal.user, session, users).await,
            (Self::Jwt(_), None) | (Self::Header(_), _) => Ok(()),
        }
    }

    /// Watches the session of a WebSocket; `None` if it belongs to no session.
    ///
    /// # Errors
    /// 401 when the session has ended.
    pub(crate) fn watch(&self, session: Option<Uuid>) -> Result<Option<SessionWatch>, Problem> {
        match (self, session) {
            (Self::Jwt(mode), Some(session)) => mode.watch(session).map(Some),
            (Self::Jwt(_), None) | (Self::Header(_), _) => Ok(None),
        }
    }

    /// The sessions that have ended; `None` if this mode has no sessions.
    pub(crate) fn sessions(&self) -> Option<Sessions> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => Some(mode.sessions.clone()),
        }
    }

    /// The keys that verify tokens; `None` if this mode has no tokens.
    pub(crate) fn keys(&self) -> Option<Keys> {
        match self {
            Self::Header(_) => None,
            Self::Jwt(mode) => Some(mode.keys.clone()),
        }
    }
}

/// With a key that it shares, a service could sign requests to another one.
fn require_different_keys(config: &Config) -> Result<(), AuthModeError> {
    let of_services = config.service_keys().into_iter().filter_map(|(variable, key)| Some((variable, key?)));
    let of_tickets = config.ticket_keys.iter().flat_map(SigningKeys::iter).map(|key| ("TICKET_KEYS", key));
    let mut earlier: Vec<(&'static str, &SigningKey)> = vec![];
    for (variable, key) in of_services.chain(of_tickets) {
        if let Some((other, _)) = earlier.iter().find(|(_, other)| *other == key) {
            return Err(AuthModeError::SharedKey(other, variable));
        }
        earlier.push((variable, key));
    }
    Ok(())
}
