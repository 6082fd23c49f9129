//! The key that encrypts the secrets of second factors in the database: a file in the folder of the signing keys, shared by
//! all replicas. Without it, a copy of the database makes no codes.

use crate::domain::totp::{SECRET_BYTES, Secret};
use contracts::ids::UserId;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FILE: &str = "second-factors.key";
const KEY_BYTES: usize = 32;

/// Encrypts secrets; cheap to clone.
#[derive(Clone)]
pub struct FactorKey(Arc<LessSafeKey>);

/// The key can't be read or created.
#[derive(Debug, thiserror::Error)]
pub enum FactorKeyError {
    /// The file can't be read or written.
    #[error("{0}")]
    File(PathBuf, #[source] io::Error),
    /// The file contains something else.
    #[error("{0} contains no key of 32 bytes")]
    Malformed(PathBuf),
    /// The system provides no random bytes.
    #[error("generate a key")]
    Random,
}

/// A secret can't be encrypted: the system provides no random bytes.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("encrypt the secret of the second factor of user {0}")]
pub struct SealError(UserId);

/// A secret can't be decrypted: it was encrypted with another key, or for another user.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("decrypt the secret of the second factor of user {0}: `{FILE}` in KEYS_DIR is not the key that encrypted it")]
pub struct OpenError(UserId);

impl FactorKey {
    /// The key in `folder`; creates it if there is none.
    ///
    /// # Errors
    /// [`FactorKeyError`] with the path of the file.
    pub fn load(folder: &Path) -> Result<Self, FactorKeyError> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Err(failure) if failure.kind() == io::ErrorKind::NotFound => {
                create(&path)?;
                fs::read(&path)
            }
            read => read,
        };
        let bytes = bytes.map_err(|failure| FactorKeyError::File(path.clone(), failure))?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| FactorKeyError::Malformed(path))?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// Encrypts the secret of a user: a random nonce, then the ciphertext.
    ///
    /// # Errors
    /// [`SealError`] when the system provides no random bytes.
    pub fn seal(&self, user: UserId, secret: &Secret) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError(user))?;
        let mut text = secret.as_bytes().to_vec();
        let nonce_once = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_once, of(user), &mut text).map_err(|_| SealError(user))?;
        Ok([nonce.as_slice(), &text].concat())
    }

    /// Decrypts the secret of a user.
    ///
    /// # Errors
    /// [`OpenError`] when it was encrypted with another key, or for another user.
    pub fn open(&self, user: UserId, sealed: &[u8]) -> Result<Secret, OpenError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(OpenError(user))?;
        let mut text = text.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let secret = self.0.open_in_place(nonce, of(user), &mut text).map_err(|_| OpenError(user))?;
        let secret: [u8; SECRET_BYTES] = (&*secret).try_into().map_err(|_| OpenError(user))?;
        Ok(Secret::new(secret))
    }
}

/// The secret of one user can't be stored as that of another.
fn of(user: UserId) -> Aad<[u8; 8]> {
    Aad::from(user.get().to_be_bytes())
}

/// Creates the file, readable by the owner only. If another replica creates it at the same time, one of both wins.
fn create(path: &Path) -> Result<(), FactorKeyError> {
    let (mut key, mut tail) = ([0; KEY_BYTES], [0; 8]);
    let random = SystemRandom::new();
    random.fill(&mut key).and_then(|()| random.fill(&mut tail)).map_err(|_| FactorKeyError::Random)?;
    let unfinished = path.with_extension(format!("{:016x}.unfinished", u64::from_be_bytes(tail)));
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(&key)?;
        file.sync_all()?;
        // Unlike renaming, linking does not replace a file.
        match fs::hard_link(&unfinished, path) {
            Err(failure) if failure.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    };
    let outcome = written();
    let removed = fs::remove_file(&unfinished);
    outcome.and(removed).map_err(|failure| FactorKeyError::File(unfinished, failure))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("chipin-factor-key-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn user(id: i64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    #[test]
    fn the_key_is_created_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("first");
        let sealed = FactorKey::load(&folder).unwrap().seal(user(7), &Secret::new([1; SECRET_BYTES])).unwrap();
        let again = FactorKey::load(&folder).unwrap();
        assert_eq!(again.open(user(7), &sealed).unwrap().as_bytes(), [1; SECRET_BYTES]);
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_secret_is_encrypted_for_one_user_with_one_key() {
        let (here, there) = (folder("here"), folder("there"));
        let key = FactorKey::load(&here).unwrap();
        let secret = Secret::new(*b"12345678901234567890");
        let sealed = key.seal(user(7), &secret).unwrap();
        assert!(!sealed.windows(4).any(|part| secret.as_bytes().windows(4).any(|clear| clear == part)));
        assert_ne!(key.seal(user(7), &secret).unwrap(), sealed, "the nonce is random");
        assert!(key.open(user(8), &sealed).is_err(), "moved to another user");
        assert!(FactorKey::load(&there).unwrap().open(user(7), &sealed).is_err(), "with another key");
        assert!(key.open(user(7), &[]).is_err());
        fs::write(here.join(FILE), "short").unwrap();
        assert!(matches!(FactorKey::load(&here), Err(FactorKeyError::Malformed(_))));
        fs::remove_dir_all(here).unwrap();
        fs::remove_dir_all(there).unwrap();
    }
}
