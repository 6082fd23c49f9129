//! The `healthcheck` command: checks whether the running program is ready, because container images have no curl.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;
use tls::{ClientTls, ListenTls, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest wait for the response.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Succeeds if `GET /readyz` of the server that listens on `listen_addr` responds with 200.
pub async fn run(listen_addr: SocketAddr, tls: &ListenTls) -> ExitCode {
    match tokio::time::timeout(TIMEOUT, status_line(reachable(listen_addr), tls)).await {
        Ok(Ok(line)) if line.contains(" 200 ") => ExitCode::SUCCESS,
        Ok(Ok(line)) => failed(&line),
        Ok(Err(failure)) => failed(&failure.to_string()),
        Err(_) => failed("timed out"),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("not ready: {}", why.trim());
    ExitCode::FAILURE
}

/// An unspecified address (0.0.0.0 or ::) is for listening only, so loopback is used to connect.
fn reachable(listen_addr: SocketAddr) -> SocketAddr {
    let ip = match listen_addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen_addr.port())
}

async fn status_line(address: SocketAddr, tls: &ListenTls) -> io::Result<String> {
    let stream = TcpStream::connect(address).await?;
    let mut stream = match &tls.tls_certificate_file {
        Some(file) => {
            let client = ClientTls::of_this_program(file).map_err(io::Error::other)?;
            client.connect(&address.ip().to_string(), stream).await?
        }
        None => Stream::Plain(stream),
    };
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: healthcheck\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
