//! The response to a sign-in: an access token for ten minutes, and a refresh token for the next one.

use super::user_json::UserJson;
use crate::keys::{Keys, SignError};
use crate::tokens::SecretToken;
use crate::user::User;
use process::clock;
use serde::Serialize;
use uuid::Uuid;

/// Lifetime of an access token, in seconds.
const ACCESS_SECS: u64 = 600;
const ISSUER: &str = "chipin-users";
const AUDIENCE: &str = "chipin";

/// The tokens of a signed-in user.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Session)]
pub(super) struct Session {
    user: UserJson,
    /// A JWT, for `Authorization: Bearer`.
    access_token: String,
    token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    expires_in: u64,
    /// The session, which `GET /sessions` lists. It is also in the access token, as `sid`.
    #[serde(rename = "session_id")]
    #[schema(rename = "session_id")]
    id: Uuid,
    /// Can be used once, to get the next tokens of the session.
    refresh_token: String,
}

/// The claims of an access token. Source: RFC 7519, section 4.1; `sid` is the session.
#[derive(Serialize)]
struct Claims {
    iss: &'static str,
    aud: &'static str,
    sub: String,
    sid: Uuid,
    role: &'static str,
    iat: u64,
    nbf: u64,
    exp: u64,
}

impl Session {
    /// The session `id` of `user` with this refresh token.
    ///
    /// # Errors
    /// When there is no signing key.
    pub(super) fn new(keys: &Keys, user: User, id: Uuid, refresh_token: SecretToken) -> Result<Self, SignError> {
        let now = clock::unix_seconds();
        let access_token = keys.sign(&Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: user.id.to_string(),
            sid: id,
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
            id,
            refresh_token: refresh_token.into_text(),
        })
    }
}
