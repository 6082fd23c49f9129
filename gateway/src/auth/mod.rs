//! Who is calling: the one place that knows how callers prove it.

mod header_mode;
mod host;

use crate::config::{AuthMode, Config};
use chassis::identity::Caller;
use chassis::problem::Problem;
use header_mode::HeaderMode;
use http::HeaderMap;

pub(crate) use header_mode::{RefusedMode, without_user_id};

/// Finds out who is calling. Another way to prove it is another variant.
pub(crate) enum Authenticator {
    Header(HeaderMode),
}

/// What a request shows to prove who makes it.
pub(crate) struct Credentials<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// The query of a socket: browsers can't set its headers. Of no other request.
    pub(crate) socket_query: Option<&'a str>,
}

impl Authenticator {
    /// The authenticator of the configured mode.
    ///
    /// # Errors
    /// When the mode would let strangers in.
    pub(crate) fn start(config: &Config) -> Result<Self, RefusedMode> {
        match config.auth_mode {
            AuthMode::Header => HeaderMode::start(config).map(Self::Header),
        }
    }

    /// Who is calling.
    ///
    /// # Errors
    /// 401 when that is missing, malformed or unclear; 421 when the request was lured here.
    pub(crate) fn identify(&self, credentials: &Credentials<'_>) -> Result<Caller, Problem> {
        match self {
            Self::Header(mode) => mode.identify(credentials),
        }
    }

    /// Who is calling, if the request says so at all.
    ///
    /// # Errors
    /// As [`Authenticator::identify`] when it says so wrongly: a caller who meant to be somebody is never taken for nobody.
    pub(crate) fn identify_if_claimed(&self, credentials: &Credentials<'_>) -> Result<Option<Caller>, Problem> {
        let is_claimed = match self {
            Self::Header(_) => HeaderMode::is_claimed(credentials),
        };
        if is_claimed { self.identify(credentials).map(Some) } else { Ok(None) }
    }
}
