//! Refresh tokens, and tokens with which a password is reset.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_api::problem::Problem;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use std::fmt;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// A random token that is worth a password. Only its hash is stored.
pub struct SecretToken(String);

/// The SHA-256 digest of a token.
pub type TokenHash = [u8; 32];

impl SecretToken {
    /// Generates a random token.
    ///
    /// # Errors
    /// 500 when the system provides no random bytes.
    pub fn random() -> Result<Self, Problem> {
        let mut bytes = [0; TOKEN_BYTES];
        SystemRandom::new().fill(&mut bytes).map_err(|_| Problem::internal(&NoRandomness))?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A token presented by a client.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text of the token, for the response.
    pub fn into_text(self) -> String {
        self.0
    }

    /// The hash that is stored, so that a copy of the database contains no usable tokens.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(…)")
    }
}

/// The system provides no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system provides no random bytes")]
struct NoRandomness;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_random_bits_and_is_never_printed() {
        let [one, other] = [(); 2].map(|()| SecretToken::random().unwrap());
        assert_eq!(format!("{one:?}"), "SecretToken(…)");
        assert_ne!(one.hash(), other.hash());
        let [one, other] = [one, other].map(|token| URL_SAFE_NO_PAD.decode(token.into_text()).unwrap());
        assert_eq!((one.len(), other.len()), (32, 32));
        // In two random texts of 32 bytes, 28 equal bytes do not happen.
        assert!(one.iter().zip(&other).filter(|(a, b)| a != b).count() > 4);
    }
}
