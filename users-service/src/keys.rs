//! The keys that sign access tokens: Ed25519, one file each in a folder shared by all replicas.
//!
//! A key is published for two minutes before it signs, so that every gateway has fetched it, and for an hour after a
//! newer one has started to sign, which is longer than the lifetime of a token. So a rotation invalidates no token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::Serialize;
use std::convert::Infallible;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// How long a key is published before it signs.
const PUBLISHED_BEFORE: Duration = Duration::from_mins(2);
/// How long a key stays published after the next one has started to sign.
const PUBLISHED_AFTER: Duration = Duration::from_hours(1);
/// How often the folder is read.
const RELOAD_INTERVAL: Duration = Duration::from_secs(30);
const EXTENSION: &str = "pk8";

/// The keys; cheap to clone.
#[derive(Clone)]
pub struct Keys {
    folder: Arc<Path>,
    rotation: Duration,
    known: Arc<RwLock<Vec<Key>>>,
}

/// A key pair.
#[derive(Clone)]
struct Key {
    /// `<Unix seconds>-<random>`: the key id, with the time of creation.
    name: String,
    created_at: Duration,
    private: EncodingKey,
    public: String,
}

/// A public key as published. Source: RFC 8037, section 2.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    #[schema(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

/// The keys can't be read, or a new one can't be stored.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file or the folder can't be read or written.
    #[error("{0}")]
    File(PathBuf, #[source] io::Error),
    /// A file contains no valid key.
    #[error("{0} contains no Ed25519 key")]
    Malformed(PathBuf),
    /// The system provides no random bytes.
    #[error("generate a key")]
    Random,
}

/// Why a token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There is no key.
    #[error("there is no signing key")]
    NoKey,
    /// The library failed.
    #[error("sign a token")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

impl Keys {
    /// The keys in `folder`; creates the first one if there is none.
    ///
    /// # Errors
    /// [`KeysError`] with the path of the file.
    pub fn load(folder: &Path, rotation: Duration) -> Result<Self, KeysError> {
        identity::tokens::use_ed25519();
        fs::create_dir_all(folder).map_err(|failure| KeysError::File(folder.to_owned(), failure))?;
        let keys = Self { folder: folder.into(), rotation, known: Arc::default() };
        keys.reload()?;
        Ok(keys)
    }

    /// All keys with which a valid token may be signed.
    pub fn published(&self) -> Vec<PublicKey> {
        let known = self.known.read().map(|known| known.clone()).unwrap_or_default();
        let public = |key: Key| PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: key.name,
            x: key.public,
        };
        known.into_iter().map(public).collect()
    }

    /// Signs a token with these claims.
    ///
    /// # Errors
    /// [`SignError`] when there is no key.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, SignError> {
        let known = self.known.read().map_err(|_| SignError::NoKey)?;
        let key = signing(&known, now()).ok_or(SignError::NoKey)?;
        let header = Header { kid: Some(key.name.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, claims, &key.private)?)
    }

    /// Until `stopping` is cancelled: creates a new key when the newest one is old, deletes keys that no valid token is
    /// signed with, and loads the keys of other replicas.
    ///
    /// # Errors
    /// None: failures are logged and retried.
    pub async fn rotate_until(self, stopping: CancellationToken) -> Result<(), Infallible> {
        loop {
            tokio::select! {
                () = tokio::time::sleep(RELOAD_INTERVAL) => {}
                () = stopping.cancelled() => return Ok(()),
            }
            let keys = self.clone();
            let reloaded = tokio::task::spawn_blocking(move || keys.reload()).await;
            if let Ok(Err(failure)) = reloaded {
                error!(error = %telemetry::chain(&failure), "could not update the signing keys; retrying");
            }
        }
    }

    fn reload(&self) -> Result<(), KeysError> {
        let mut known = read_folder(&self.folder)?;
        let is_old = |key: &Key| key.created_at + self.rotation < now();
        if known.last().is_none_or(is_old) {
            let name = generate(&self.folder)?;
            info!(target: "audit", key = name, "audit: created a signing key");
            known = read_folder(&self.folder)?;
        }
        let oldest = oldest_needed(&known, now()).to_owned();
        let needed_from = known.iter().position(|key| key.name == oldest).unwrap_or(0);
        for outdated in known.drain(..needed_from) {
            let file = self.folder.join(format!("{}.{EXTENSION}", outdated.name));
            // Another replica may have deleted it first.
            let _ = fs::remove_file(file);
        }
        if let Ok(mut before) = self.known.write() {
            *before = known;
        }
        Ok(())
    }
}

/// The key that signs: the newest one that has been published long enough, or the first one.
fn signing(known: &[Key], now: Duration) -> Option<&Key> {
    known.iter().rev().find(|key| key.created_at + PUBLISHED_BEFORE <= now).or(known.first())
}

/// The id of the oldest key that may have signed a token that is still valid.
fn oldest_needed(known: &[Key], now: Duration) -> &str {
    signing(known, now.saturating_sub(PUBLISHED_AFTER)).map_or("", |key| key.name.as_str())
}

fn read_folder(folder: &Path) -> Result<Vec<Key>, KeysError> {
    let of_folder = |failure| KeysError::File(folder.to_owned(), failure);
    let mut keys = vec![];
    for entry in fs::read_dir(folder).map_err(of_folder)? {
        let path = entry.map_err(of_folder)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            keys.push(read(&path)?);
        }
    }
    keys.sort_by(|a, b| (a.created_at, &a.name).cmp(&(b.created_at, &b.name)));
    Ok(keys)
}

fn read(path: &Path) -> Result<Key, KeysError> {
    let malformed = || KeysError::Malformed(path.to_owned());
    let bytes = fs::read(path).map_err(|failure| KeysError::File(path.to_owned(), failure))?;
    let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| malformed())?;
    let name = path.file_stem().and_then(|name| name.to_str()).ok_or_else(malformed)?;
    let seconds = name.split('-').next().and_then(|seconds| seconds.parse().ok()).ok_or_else(malformed)?;
    Ok(Key {
        name: name.to_owned(),
        created_at: Duration::from_secs(seconds),
        private: EncodingKey::from_ed_der(&bytes),
        public: URL_SAFE_NO_PAD.encode(pair.public_key()),
    })
}

/// Generates a key. Its file is written atomically and readable by the owner only.
fn generate(folder: &Path) -> Result<String, KeysError> {
    let random = SystemRandom::new();
    let bytes = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeysError::Random)?;
    let mut tail = [0; 6];
    random.fill(&mut tail).map_err(|_| KeysError::Random)?;
    let name = format!("{}-{}", now().as_secs(), URL_SAFE_NO_PAD.encode(tail).replace(['-', '_'], "x"));
    let unfinished = folder.join(format!("{name}.unfinished"));
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(bytes.as_ref())?;
        file.sync_all()?;
        fs::rename(&unfinished, folder.join(format!("{name}.{EXTENSION}")))
    };
    written().map_err(|failure| KeysError::File(unfinished.clone(), failure))?;
    Ok(name)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("chipin-keys-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn at(seconds: u64) -> Key {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Key {
            name: seconds.to_string(),
            created_at: Duration::from_secs(seconds),
            private: EncodingKey::from_ed_der(pair.as_ref()),
            public: String::new(),
        }
    }

    #[test]
    fn the_first_key_is_created_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("first");
        let keys = Keys::load(&folder, Duration::from_hours(24)).unwrap();
        let again = Keys::load(&folder, Duration::from_hours(24)).unwrap();
        assert_eq!(keys.published()[0].kid, again.published()[0].kid);
        assert_eq!(again.published().len(), 1);
        let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_new_key_signs_after_its_publication_and_the_old_one_stays_published() {
        let keys = [at(1000), at(90_000)];
        let seconds = Duration::from_secs;
        let name = |now: Duration| signing(&keys, now).unwrap().name.clone();
        let second_signs = seconds(90_000) + PUBLISHED_BEFORE;
        assert_eq!(name(seconds(1000)), "1000");
        assert_eq!(name(seconds(90_060)), "1000");
        assert_eq!(name(second_signs), "90000");
        assert_eq!(oldest_needed(&keys, second_signs + PUBLISHED_AFTER / 2), "1000");
        assert_eq!(oldest_needed(&keys, second_signs + PUBLISHED_AFTER), "90000");
    }

    #[test]
    fn an_old_key_is_followed_by_a_new_one_and_both_are_published() {
        let folder = folder("rotating");
        Keys::load(&folder, Duration::from_hours(24)).unwrap();
        std::thread::sleep(Duration::from_millis(1100));
        let keys = Keys::load(&folder, Duration::ZERO).unwrap();
        assert_eq!(keys.published().len(), 2);
        fs::remove_dir_all(folder).unwrap();
    }
}
