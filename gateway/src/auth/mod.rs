//! Authentication: finds out which user a request is made for.

mod authenticator;
mod credentials;
mod header_mode;
mod host;
mod jwt_mode;
mod keys;
mod mode_error;
mod query;
mod sessions;
mod tickets;
mod unidentified;

pub(crate) use authenticator::Authenticator;
pub(crate) use credentials::{Credentials, Identified};
pub(crate) use keys::refresh_keys;
pub(crate) use mode_error::AuthModeError;
pub(crate) use query::without_credentials;
pub(crate) use sessions::{SessionWatch, follow_sessions};
pub(crate) use tickets::{LIFETIME as TICKET_LIFETIME, ticket_in};
pub(crate) use unidentified::{RefusalReason, Unidentified};
