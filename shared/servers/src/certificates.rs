//! Certificates for trying TLS out on this machine.

use crate::{StartError, programs, secret};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The authority may sign for this machine only: a browser that trusts it trusts it for nothing else.
///
/// Source: RFC 5280, section 4.2.1.10.
const CONFIGURATION: &str = "\
[req]
distinguished_name = name
prompt = no
[name]
CN = Chipin on this machine
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;DNS:localhost, permitted;IP:127.0.0.0/255.0.0.0, \
permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
";
/// Ten years: people trust the authority once.
const AUTHORITY_DAYS: &str = "3650";
/// The certificate is made again at each start. Browsers accept no more than 398 days.
const CERTIFICATE_DAYS: &str = "90";

/// The files of a certificate for `localhost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate of the authority.
    pub authority: PathBuf,
    /// The certificate of the server.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// The files in a folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            authority: folder.join("ca.pem"),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
        }
    }

    /// Makes an authority in the folder, unless there is one, and a new certificate.
    ///
    /// # Errors
    /// [`StartError`] with the output of `openssl`.
    pub fn make(folder: &Path) -> Result<Self, StartError> {
        let files = Self::in_folder(folder);
        secret::private_folder(folder).map_err(|source| failed(folder, source))?;
        let (configuration, key, request) =
            (folder.join("openssl.cnf"), folder.join("ca.key"), folder.join("server.csr"));
        secret::write_private(&configuration, CONFIGURATION).map_err(|source| failed(&configuration, source))?;
        let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        if !(files.authority.exists() && key.exists()) {
            let mut command = openssl("req", &configuration)?;
            command.args(["-x509", "-extensions", "authority", "-days", AUTHORITY_DAYS]).args(new_key);
            run(command.arg("-keyout").arg(&key).arg("-out").arg(&files.authority))?;
        }
        let mut command = openssl("req", &configuration)?;
        run(command
            .args(new_key)
            .args(["-subj", "/CN=localhost"])
            .arg("-keyout")
            .arg(&files.key)
            .arg("-out")
            .arg(&request))?;
        let mut command = Command::new(program()?);
        command.args(["x509", "-req", "-days", CERTIFICATE_DAYS, "-extensions", "server", "-extfile"]);
        command.arg(&configuration).arg("-in").arg(&request).arg("-CA").arg(&files.authority).arg("-CAkey").arg(&key);
        run(command.args(["-CAcreateserial", "-out"]).arg(&files.certificate))?;
        Ok(files)
    }

    /// Copies them into the folder of a server, which may run as another user.
    ///
    /// # Errors
    /// [`StartError`] if a file can't be copied.
    pub(crate) fn copied_to(&self, folder: &Path) -> Result<Self, StartError> {
        let folder = folder.join("tls");
        secret::private_folder(&folder).map_err(|source| failed(&folder, source))?;
        let copies = Self::in_folder(&folder);
        for (from, to) in
            [(&self.authority, &copies.authority), (&self.certificate, &copies.certificate), (&self.key, &copies.key)]
        {
            let text = fs::read_to_string(from).map_err(|source| failed(from, source))?;
            secret::write_private(to, &text).map_err(|source| failed(to, source))?;
        }
        Ok(copies)
    }
}

fn failed(path: &Path, source: std::io::Error) -> StartError {
    StartError::Folder { path: path.to_owned(), source }
}

fn program() -> Result<PathBuf, StartError> {
    programs::find("openssl").ok_or(StartError::ProgramMissing { program: "openssl", package: "openssl" })
}

fn openssl(command: &str, configuration: &Path) -> Result<Command, StartError> {
    let mut openssl = Command::new(program()?);
    openssl.arg(command).arg("-config").arg(configuration);
    Ok(openssl)
}

fn run(command: &mut Command) -> Result<(), StartError> {
    let output = command.output().map_err(|source| StartError::Spawn { program: "openssl".to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let output = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(StartError::Prepare { program: "openssl".to_owned(), output })
}
