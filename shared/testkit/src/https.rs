//! A small HTTP client for tests of servers with TLS.

use serde_json::Value;
use std::path::Path;
use tls::{ClientTls, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client of one server on this machine.
pub struct HttpsClient {
    port: u16,
    tls: ClientTls,
}

impl HttpsClient {
    /// A client that trusts the authorities of a file.
    ///
    /// # Panics
    /// If the file can't be read.
    pub fn new(port: u16, authorities_file: &str) -> Self {
        Self { port, tls: ClientTls::trusting(Some(Path::new(authorities_file))).expect("authorities") }
    }

    /// Connects to `localhost`.
    ///
    /// # Errors
    /// If the server can't be reached, or its certificate is refused.
    pub async fn connect(&self) -> std::io::Result<Stream> {
        self.tls.connect("localhost", TcpStream::connect(("127.0.0.1", self.port)).await?).await
    }

    /// The status and the JSON of a response to user 1.
    ///
    /// # Errors
    /// As [`HttpsClient::connect`].
    pub async fn send(&self, method: &str, path: &str, json: &str) -> std::io::Result<(u16, Value)> {
        let mut stream = self.connect().await?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{json}",
            json.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status, serde_json::from_str(body).unwrap_or_default()))
    }
}
