//! What whoever signed in gets: an access token for ten minutes, and a refresh token for the next one.

use crate::api::user_json::UserJson;
use crate::keys::{Keys, SignError};
use crate::user::User;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::problem::Problem;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds that an access token is good.
const ACCESS_SECS: u64 = 600;
const ISSUER: &str = "chipin-users";
const AUDIENCE: &str = "chipin";
/// Random bytes of a refresh token.
const REFRESH_BYTES: usize = 32;

/// A refresh token, which only its owner has.
pub struct RefreshToken(String);

/// What a refresh token is known by here.
pub type TokenHash = [u8; 32];

/// What whoever signed in gets.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Session)]
pub struct Session {
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

impl RefreshToken {
    /// A token that nobody can guess.
    ///
    /// # Errors
    /// 500 without randomness.
    pub fn random() -> Result<Self, Problem> {
        let mut bytes = [0; REFRESH_BYTES];
        rand::fill(&mut bytes).map_err(|_| Problem::internal(&NoRandomness))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token that somebody shows.
    pub fn shown(text: String) -> Self {
        Self(text)
    }

    /// What it is known by: who reads the database can't use it.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

impl Session {
    /// A session of `user` with this refresh token.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub fn new(keys: &Keys, user: User, refresh_token: RefreshToken) -> Result<Self, SignError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
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
            refresh_token: refresh_token.0,
        })
    }
}

/// The system gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("there are no random bytes")]
struct NoRandomness;
