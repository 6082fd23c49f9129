//! The server's side of a connection.

use crate::certificate::Certificate;
use crate::listen_error::ListenTlsError;
use crate::stream::Stream;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsStream};

/// The only protocol of our servers. A client that offers others only is refused.
const HTTP: &[u8] = b"http/1.1";
/// From the first byte to the end of a handshake, which needs two round trips at most.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// Accepts TLS 1.2 and 1.3 with the certificate of the configuration. Cheap to clone.
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

impl ServerTls {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// [`ListenTlsError`] if a file can't be used.
    pub fn read(certificate_file: &Path, key_file: &Path) -> Result<Self, ListenTlsError> {
        let provider = Arc::new(ring::default_provider());
        let certificate = Certificate::read(certificate_file, key_file, &provider)?;
        let mut config = builder(provider).with_no_client_auth().with_cert_resolver(Arc::new(certificate));
        config.alpn_protocols = vec![HTTP.to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Makes the handshake.
    ///
    /// # Errors
    /// When the client speaks no TLS, refuses the certificate, or takes longer than ten seconds.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        let accepted = timeout(HANDSHAKE_TIME_MAX, self.0.accept(stream)).await;
        let accepted =
            accepted.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long"))?;
        Ok(Stream::Tls(Box::new(TlsStream::Server(accepted?))))
    }
}

fn builder(provider: Arc<CryptoProvider>) -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        // ring has cipher suites of both versions.
        .expect("the provider supports the default versions")
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}
