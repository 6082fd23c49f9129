//! TLS to the broker.
//!
//! The parameter `cacertfile` of the URL names a file with the trusted authorities (PEM). Without it, those of Mozilla's
//! list are trusted. Source: RabbitMQ, "URI Query Parameters".

use lapin::uri::AMQPUri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

/// Makes the handshake. The certificate of the broker must be valid, for its host, and from a trusted authority.
///
/// # Errors
/// When the file can't be read, or the handshake fails.
pub(super) async fn encrypt(amqp_url: &str, uri: &AMQPUri, broker: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    match authorities_file(amqp_url) {
        Some(file) => {
            for certificate in read(&file)? {
                roots.add(certificate).map_err(io::Error::other)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(uri.authority.host.clone()).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, broker).await
}

/// Read for every connection, so that the authorities can change while the process runs.
fn read(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let failed =
        |failure| io::Error::other(format!("read certificates from {} (cacertfile): {failure}", file.display()));
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(failed)?.collect();
    certificates.map_err(failed)
}

fn authorities_file(amqp_url: &str) -> Option<PathBuf> {
    let url = Url::parse(amqp_url).ok()?;
    url.query_pairs().find(|(name, _)| name == "cacertfile").map(|(_, path)| PathBuf::from(&*path))
}
