//! The certificate of a server, which is read again when its files change.

use crate::listen_error::ListenTlsError;
use crate::pem;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::error::Error;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};
use tracing::{info, warn};

/// Handshakes within this time use the same certificate without a look at its files.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A certificate with its key, from two files.
#[derive(Debug)]
pub(crate) struct Certificate {
    file: PathBuf,
    key_file: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    key: Arc<CertifiedKey>,
    /// The files when they were last read, with or without success. `None` if they could not be seen.
    version: Option<Version>,
    checked: Instant,
}

/// What changes when a file is replaced or written: its time in nanoseconds, its inode, its size.
type Version = [(i64, i64, u64, u64); 2];

impl Certificate {
    pub(crate) fn read(
        certificate_file: &Path,
        key_file: &Path,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, ListenTlsError> {
        // Before reading: a change in between is seen later.
        let version = version(certificate_file, key_file).ok();
        let key = certified_key(certificate_file, key_file, provider)?;
        Ok(Self {
            file: certificate_file.to_owned(),
            key_file: key_file.to_owned(),
            provider: Arc::clone(provider),
            current: Mutex::new(Current { key: Arc::new(key), version, checked: Instant::now() }),
        })
    }

    /// Uses the new certificate if the files have changed. While it is not complete, the old one stays.
    fn renew(&self, current: &mut Current) {
        let Ok(version) = version(&self.file, &self.key_file) else { return };
        if current.version == Some(version) {
            return;
        }
        current.version = Some(version);
        let shown = self.file.display();
        match certified_key(&self.file, &self.key_file, &self.provider) {
            Ok(key) => {
                current.key = Arc::new(key);
                info!("the certificate of {shown} was read again");
            }
            Err(failure) => {
                let cause = failure.source().map(ToString::to_string).unwrap_or_default();
                warn!(error = %failure, cause, "the old certificate stays, because {shown} has changed and can't be used");
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.checked.elapsed() >= CHECK_INTERVAL {
            current.checked = Instant::now();
            self.renew(&mut current);
        }
        Some(Arc::clone(&current.key))
    }
}

fn certified_key(
    certificate_file: &Path,
    key_file: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, ListenTlsError> {
    let certificates = pem::certificates("TLS_CERTIFICATE_FILE", certificate_file)?;
    let key = pem::key("TLS_KEY_FILE", key_file)?;
    CertifiedKey::from_der(certificates, key, provider)
        .map_err(|source| ListenTlsError::WrongKey { path: key_file.to_owned(), source })
}

fn version(certificate_file: &Path, key_file: &Path) -> io::Result<Version> {
    let of = |path: &Path| fs::metadata(path).map(|file| (file.mtime(), file.mtime_nsec(), file.ino(), file.size()));
    Ok([of(certificate_file)?, of(key_file)?])
}
