//! What whoever signed in gets: an access token for ten minutes, and a refresh token for the next one.

use super::user_json::UserJson;
use crate::keys::{Keys, SignError};
use crate::tokens::RefreshToken;
use crate::user::User;
use chassis::clock;
use serde::Serialize;

/// Seconds that an access token is good.
const ACCESS_SECS: u64 = 600;
const ISSUER: &str = "chipin-users";
const AUDIENCE: &str = "chipin";

/// What whoever signed in gets.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Session)]
pub(super) struct Session {
    user: UserJson,
    /// A JWT, for `Authorization: Bearer`.
    access_token: String,
    token_type: &'static str,
    /// Seconds that the access token is good.
    expires_in: u64,
    /// Good once, for a new session.
    refresh_token: String,
}

/// The claims of an access token. Source: RFC 7519, section 4.1.
#[derive(Serialize)]
struct Claims {
    iss: &'static str,
    aud: &'static str,
    sub: String,
    role: &'static str,
    iat: u64,
    nbf: u64,
    exp: u64,
}

impl Session {
    /// A session of `user` with this refresh token.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub(super) fn new(keys: &Keys, user: User, refresh_token: RefreshToken) -> Result<Self, SignError> {
        let now = clock::unix_seconds();
        let access_token = keys.sign(&Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: user.id.to_string(),
            role: user.role.as_str(),
            iat: now,
            nbf: now,
            exp: now + ACCESS_SECS,
        })?;
        Ok(Self {
            user: user.into(),
            access_token,
            token_type: "Bearer",
            expires_in: ACCESS_SECS,
            refresh_token: refresh_token.into_text(),
        })
    }
}
