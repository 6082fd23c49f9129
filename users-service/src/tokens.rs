//! Refresh tokens.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::problem::Problem;
use sha2::{Digest, Sha256};
use std::fmt;

/// Random bytes of a refresh token.
const REFRESH_BYTES: usize = 32;

/// A refresh token, which only its owner has.
pub struct RefreshToken(String);

/// What a refresh token is known by here.
pub type TokenHash = [u8; 32];

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

    /// For its owner only.
    pub fn into_text(self) -> String {
        self.0
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

/// The system gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("there are no random bytes")]
struct NoRandomness;
