//! Cheap probes of a server on loopback.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(2);

/// Whether `port` of loopback accepts a connection.
pub fn accepts(port: u16) -> bool {
    connect(port).is_ok()
}

/// The status of `GET path` on `port` of loopback, e.g. 200.
///
/// # Errors
/// When the connection is refused, or the response is late or not HTTP.
pub fn http_status(port: u16, path: &str) -> io::Result<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    // "HTTP/1.1 200" is twelve bytes.
    let response = exchange(port, request.as_bytes(), 12)?;
    status(&response)
}

fn status(response: &[u8]) -> io::Result<u16> {
    let text = String::from_utf8_lossy(response);
    text.split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other("the response is not HTTP"))
}

/// The same over TLS, by `openssl`. The certificate is not verified: the question is only whether the
/// process on this machine is ready.
///
/// # Errors
/// As [`http_status`], and when there is no `openssl`.
pub fn https_status(port: u16, path: &str) -> io::Result<u16> {
    let mut child = Command::new("openssl")
        .args(["s_client", "-quiet", "-servername", "localhost", "-connect", &format!("127.0.0.1:{port}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    // `-quiet` keeps the connection open after the end of the input.
    child.stdin.take().map_or(Ok(()), |mut input| input.write_all(request.as_bytes()))?;
    let response = child.wait_with_output()?.stdout;
    status(&response)
}

/// Sends `request` to `port` of loopback and reads exactly `response_len` bytes.
pub(crate) fn exchange(port: u16, request: &[u8], response_len: usize) -> io::Result<Vec<u8>> {
    let mut stream = connect(port)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(request)?;
    let mut response = vec![0; response_len];
    stream.read_exact(&mut response)?;
    Ok(response)
}

fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), TIMEOUT)
}
