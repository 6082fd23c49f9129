//! How a program listens.

use crate::listen_error::ListenTlsError;
use crate::server::ServerTls;
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing::info;

/// The certificate of a program, or what encrypts in front of it.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ListenTls {
    /// File with the certificate of this program, followed by those between it and its authority (PEM). The program then
    /// listens with TLS. The file is read again when it changes.
    #[arg(long, env = "TLS_CERTIFICATE_FILE")]
    pub tls_certificate_file: Option<PathBuf>,

    /// File with the private key of the certificate (PEM).
    #[arg(long, env = "TLS_KEY_FILE")]
    pub tls_key_file: Option<PathBuf>,

    /// What encrypts in front of this program: the name of a proxy, or of a network that only your own programs reach.
    /// Without a certificate, it is required to listen beyond loopback.
    #[arg(long, env = "PLAINTEXT_BEHIND")]
    pub plaintext_behind: Option<String>,
}

impl ListenTls {
    /// Whether the program has a certificate.
    pub fn has_certificate(&self) -> bool {
        self.tls_certificate_file.is_some()
    }

    /// TLS for the listeners of a program, which are named by variables; `None` for plain text.
    ///
    /// # Errors
    /// [`ListenTlsError`] if the certificate can't be used, or an address needs one.
    pub fn build(&self, addresses: &[(&'static str, SocketAddr)]) -> Result<Option<ServerTls>, ListenTlsError> {
        const CERTIFICATE: &str = "TLS_CERTIFICATE_FILE";
        const KEY: &str = "TLS_KEY_FILE";
        match (&self.tls_certificate_file, &self.tls_key_file) {
            (Some(certificate), Some(key)) => return ServerTls::read(certificate, key).map(Some),
            (Some(_), None) => return Err(ListenTlsError::Half { missing: KEY, given: CERTIFICATE }),
            (None, Some(_)) => return Err(ListenTlsError::Half { missing: CERTIFICATE, given: KEY }),
            (None, None) => {}
        }
        let Some(&(variable, address)) = addresses.iter().find(|(_, address)| !address.ip().is_loopback()) else {
            return Ok(None);
        };
        let Some(behind) = &self.plaintext_behind else {
            return Err(ListenTlsError::Plaintext { variable, address });
        };
        info!(behind, "{address} is served without TLS, because {behind} encrypts");
        Ok(None)
    }
}
