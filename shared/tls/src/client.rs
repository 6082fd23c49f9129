//! The client's side of a connection.

use crate::pem::{self, PemFileError};
use crate::stream::Stream;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, TlsStream};

/// Connects to HTTP servers whose certificate is valid, names their host, and comes from a trusted authority. Cheap to
/// clone.
#[derive(Clone)]
pub struct ClientTls(TlsConnector);

impl ClientTls {
    /// Trusts the authorities of a file only; without a file, those of Mozilla's list.
    ///
    /// # Errors
    /// [`PemFileError`] if the file can't be used.
    pub fn trusting(authorities_file: Option<&Path>) -> Result<Self, PemFileError> {
        let mut roots = RootCertStore::empty();
        match authorities_file {
            Some(path) => {
                let found = pem::certificates("TLS_CA_FILE", path)?;
                let (_, unusable) = roots.add_parsable_certificates(found);
                if unusable > 0 {
                    tracing::warn!(unusable, "{} has certificates that can't be used", path.display());
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let provider = Arc::new(ring::default_provider());
        let config = builder(provider).with_root_certificates(roots).with_no_client_auth();
        Ok(Self::with(config))
    }

    /// Connects only to the server that has the certificate of this file, with any name: for the health check of a
    /// program by itself.
    ///
    /// # Errors
    /// [`PemFileError`] if the file can't be used.
    pub fn of_this_program(certificate_file: &Path) -> Result<Self, PemFileError> {
        let certificate = pem::certificates("TLS_CERTIFICATE_FILE", certificate_file)?.swap_remove(0);
        let provider = Arc::new(ring::default_provider());
        let verifier = Arc::new(ExactCertificate { certificate, provider: Arc::clone(&provider) });
        let config = builder(provider).dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        Ok(Self::with(config))
    }

    fn with(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(TlsConnector::from(Arc::new(config)))
    }

    /// Makes the handshake with the server `host`, a name or an address. It has no time limit.
    ///
    /// # Errors
    /// When the server speaks no TLS, or its certificate is not valid, not for `host` or not trusted.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<Stream> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connected = self.0.connect(name, stream).await?;
        Ok(Stream::Tls(Box::new(TlsStream::Client(connected))))
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientTls")
    }
}

fn builder(provider: Arc<CryptoProvider>) -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        // ring has cipher suites of both versions.
        .expect("the provider supports the default versions")
}

/// Accepts one certificate and no other.
#[derive(Debug)]
struct ExactCertificate {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ExactCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
