//! Certificates for tests, and servers with TLS.

use crate::unique;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use tls::ServerTls;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// An authority that signs certificates. Its files are deleted when it is dropped.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

/// The files of a certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// A new authority.
    ///
    /// # Panics
    /// If its file can't be written.
    #[expect(clippy::new_without_default, reason = "it writes files")]
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(unique("chipin_authority"));
        fs::create_dir_all(&folder).expect("a folder for certificates");
        let mut params = CertificateParams::new(vec![]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        fs::write(folder.join("ca.pem"), issuer.pem()).expect("the file of the authority");
        Self { issuer, folder }
    }

    /// The file with the certificate of the authority.
    pub fn file(&self) -> String {
        self.folder.join("ca.pem").display().to_string()
    }

    /// A certificate for `localhost` and 127.0.0.1. An earlier one of this name is replaced.
    ///
    /// # Panics
    /// If its files can't be written.
    pub fn certificate(&self, name: &str) -> Certificate {
        self.issue(name, &["localhost", "127.0.0.1"], 2100)
    }

    /// A certificate that was valid until 2001.
    ///
    /// # Panics
    /// As [`Authority::certificate`].
    pub fn expired(&self) -> Certificate {
        self.issue("expired", &["localhost", "127.0.0.1"], 2001)
    }

    /// A valid certificate of another host.
    ///
    /// # Panics
    /// As [`Authority::certificate`].
    pub fn of_another_host(&self) -> Certificate {
        self.issue("another-host", &["elsewhere.example"], 2100)
    }

    fn issue(&self, name: &str, hosts: &[&str], until: i32) -> Certificate {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).expect("names of hosts");
        (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let file = |extension: &str| self.folder.join(format!("{name}.{extension}"));
        let files = Certificate { certificate: file("pem"), key: file("key") };
        fs::write(&files.key, key.serialize_pem()).expect("the file of the key");
        fs::write(&files.certificate, certificate.pem()).expect("the file of the certificate");
        files
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A protocol that begins after the handshake.
    Plain,
    /// That of PostgreSQL, whose clients ask for the handshake.
    Postgres,
}

/// A server with TLS in front of one without.
pub struct TlsFront {
    /// Where it listens.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl TlsFront {
    /// Listens with a certificate, and forwards to `server`.
    ///
    /// # Panics
    /// If it can't listen, or the certificate can't be read.
    pub async fn start(certificate: &Certificate, server: SocketAddr, protocol: Protocol) -> Self {
        let tls = ServerTls::read(&certificate.certificate, &certificate.key).expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tls = tls.clone();
                tokio::spawn(async move {
                    // The client notices a failure.
                    let _ = forward(tls, stream, server, protocol).await;
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(tls: ServerTls, mut client: TcpStream, server: SocketAddr, protocol: Protocol) -> std::io::Result<()> {
    if protocol == Protocol::Postgres {
        // `SSLRequest`. Source: PostgreSQL, "Message Formats".
        let mut request = [0; 8];
        client.read_exact(&mut request).await?;
        if request != [0, 0, 0, 8, 4, 210, 22, 47] {
            return Ok(());
        }
        client.write_all(b"S").await?;
    }
    let mut client = tls.accept(client).await?;
    let mut server = TcpStream::connect(server).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
