//! How a program connects to others.

use crate::client::ClientTls;
use crate::pem::{self, PemFileError};
use configuration::{DatabaseUrl, Peer};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Whom a program trusts when it connects.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConnectTls {
    /// File with the certificates of the authorities (PEM) that sign those of our servers: for connections to the database,
    /// the broker, Redis and services. Without it, the authorities of Mozilla's list are trusted.
    #[arg(long, env = "TLS_CA_FILE")]
    pub tls_ca_file: Option<PathBuf>,

    /// Hosts beyond loopback to which the program connects without TLS, separated by commas: those of a network that only
    /// your own programs reach.
    #[arg(long, env = "PLAINTEXT_TO")]
    pub plaintext_to: Option<PlaintextTo>,
}

/// A list of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaintextTo(Vec<String>);

impl FromStr for PlaintextTo {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect()))
    }
}

/// Why a program may not connect, or can't.
#[derive(Debug, thiserror::Error)]
pub enum ConnectTlsError {
    /// The file of authorities can't be used.
    #[error(transparent)]
    Authorities(#[from] PemFileError),
    /// Anybody on the way could read along.
    #[error("{variable} must {rule}, because {host} is not loopback; or list {host} in PLAINTEXT_TO")]
    Plaintext {
        /// The variable of the URL.
        variable: &'static str,
        /// What the URL must have.
        rule: &'static str,
        /// The host of the URL.
        host: String,
    },
}

impl ConnectTls {
    /// The client for HTTP servers.
    ///
    /// # Errors
    /// [`ConnectTlsError`] if the authorities can't be read.
    pub fn client(&self) -> Result<ClientTls, ConnectTlsError> {
        Ok(ClientTls::trusting(self.tls_ca_file.as_deref())?)
    }

    /// The file of the trusted authorities, which was read once.
    ///
    /// # Errors
    /// [`ConnectTlsError`] if it can't be used.
    pub fn authorities(&self) -> Result<Option<&Path>, ConnectTlsError> {
        let path = self.tls_ca_file.as_deref();
        if let Some(path) = path {
            pem::certificates("TLS_CA_FILE", path)?;
        }
        Ok(path)
    }

    /// As [`ConnectTls::check`], for a database.
    ///
    /// # Errors
    /// [`ConnectTlsError::Plaintext`].
    pub fn check_database(&self, variable: &'static str, url: &DatabaseUrl) -> Result<(), ConnectTlsError> {
        self.check(variable, "have the parameter sslmode=verify-full", url.peer())
    }

    /// Checks that a connection beyond loopback is verified, unless its host is listed. `rule` says what its URL must
    /// have: "use amqps".
    ///
    /// # Errors
    /// [`ConnectTlsError::Plaintext`].
    pub fn check(&self, variable: &'static str, rule: &'static str, peer: Peer) -> Result<(), ConnectTlsError> {
        if peer.is_verified || peer.is_local() {
            return Ok(());
        }
        let host = peer.host.unwrap_or_default();
        let listed =
            self.plaintext_to.as_ref().is_some_and(|list| list.0.iter().any(|one| one.eq_ignore_ascii_case(&host)));
        if listed { Ok(()) } else { Err(ConnectTlsError::Plaintext { variable, rule, host }) }
    }
}
