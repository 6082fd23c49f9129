//! Why a program may not listen.

use crate::pem::PemFileError;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a program may not listen, or can't.
#[derive(Debug, thiserror::Error)]
pub enum ListenTlsError {
    /// A file can't be used.
    #[error(transparent)]
    File(#[from] PemFileError),
    /// The key belongs to another certificate, or is of an unknown kind.
    #[error("TLS_KEY_FILE must have the key of the certificate in TLS_CERTIFICATE_FILE (it is {})", path.display())]
    WrongKey {
        /// The file with the key.
        path: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
    /// One of two variables is missing.
    #[error("{missing} must be set, because {given} is: a certificate needs its key")]
    Half {
        /// The variable that is not set.
        missing: &'static str,
        /// The variable that is.
        given: &'static str,
    },
    /// Anybody on the way could read along.
    #[error(
        "{variable} must be a loopback address, because the program has no certificate (it is {address}): set \
         TLS_CERTIFICATE_FILE and TLS_KEY_FILE, or name in PLAINTEXT_BEHIND the proxy that encrypts"
    )]
    Plaintext {
        /// The variable of the address.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
    },
}
