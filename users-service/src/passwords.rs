//! Password hashing with Argon2id. It runs on blocking threads, with a small concurrency limit, because each hash takes
//! 19 MiB and about 20 ms of processor time.
//!
//! Source of the parameters: OWASP Password Storage Cheat Sheet (m = 19 MiB, t = 2, p = 1), which are the crate's
//! defaults.

use crate::domain::password::Password;
use argon2::password_hash::{self, SaltString};
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinError;

/// Hashes computed at the same time.
const CONCURRENT_MAX: usize = 2;
/// Longest wait for a permit.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// Verified for unknown logins, so that they take as long as known ones.
    dummy_hash: Arc<str>,
}

/// Hashing failed; this is not expected, because the parameters are fixed.
#[derive(Debug, thiserror::Error)]
#[error("hash a password: {0}")]
pub struct HashError(password_hash::Error);

/// Why a password was not hashed or verified. `?` turns it into a problem.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many requests wait.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// Hashing failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The thread ended early.
    #[error("wait for the thread that hashes a password")]
    Thread(#[from] JoinError),
}

impl Passwords {
    /// Prepares the hash for unknown logins.
    ///
    /// # Errors
    /// [`HashError`] when hashing fails.
    pub fn new() -> Result<Self, HashError> {
        let mut dummy_password = [0; 16];
        // Zeros are safe too: no login uses this hash.
        let _ = SystemRandom::new().fill(&mut dummy_password);
        let dummy_hash = hash(&dummy_password)?.into();
        Ok(Self { permits: Arc::new(Semaphore::new(CONCURRENT_MAX)), dummy_hash })
    }

    /// The hash of a password, with a random salt.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many requests wait.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        Ok(self.work(move || hash(password.as_bytes())).await??)
    }

    /// Whether the password matches `hash`. Without a hash it does not, after the same time.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when too many requests wait.
    pub async fn matches(&self, password: Password, hash: Option<String>) -> Result<bool, PasswordError> {
        let is_known_login = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy_hash.to_string());
        let is_right = self.work(move || verify(password.as_bytes(), &hash)).await?;
        Ok(is_right && is_known_login)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let Ok(Ok(permit)) = tokio::time::timeout(WAIT_MAX, Arc::clone(&self.permits).acquire_owned()).await else {
            return Err(PasswordError::Busy);
        };
        let worked = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(permit);
            outcome
        });
        Ok(worked.await?)
    }
}

impl From<PasswordError> for Problem {
    fn from(failure: PasswordError) -> Self {
        if !matches!(failure, PasswordError::Busy) {
            return Self::internal(&failure);
        }
        let detail = "too many sign-ins right now; try again soon";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    }
}

fn hash(password: &[u8]) -> Result<String, HashError> {
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).map_err(|_| HashError(password_hash::Error::Crypto))?;
    let salt = SaltString::encode_b64(&salt).map_err(HashError)?;
    Ok(Argon2::default().hash_password(password, &salt).map_err(HashError)?.to_string())
}

fn verify(password: &[u8], hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let hashed = hash(b"correct horse").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify(b"correct horse", &hashed));
        assert!(!verify(b"correct horsf", &hashed));
        assert!(!verify(b"", "nonsense"));
    }
}
