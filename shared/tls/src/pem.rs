//! Certificates and keys in files, in the format PEM.

use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};

/// A file that a variable names has no certificate, or no key.
#[derive(Debug, thiserror::Error)]
#[error("{variable} must be a readable file with {content} in the format PEM (it is {})", path.display())]
pub struct PemFileError {
    variable: &'static str,
    content: &'static str,
    path: PathBuf,
    source: Error,
}

/// The certificates of a file; there is at least one.
pub(crate) fn certificates(variable: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, PemFileError> {
    let failed = |source| PemFileError { variable, content: "certificates", path: path.to_owned(), source };
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    if found.is_empty() { Err(failed(Error::NoItemsFound)) } else { Ok(found) }
}

/// The key of a file.
pub(crate) fn key(variable: &'static str, path: &Path) -> Result<PrivateKeyDer<'static>, PemFileError> {
    let failed = |source| PemFileError { variable, content: "a private key", path: path.to_owned(), source };
    PrivateKeyDer::from_pem_file(path).map_err(failed)
}
