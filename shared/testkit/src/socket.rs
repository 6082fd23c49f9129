//! A WebSocket client for tests.

use crate::HttpsClient;
use futures_util::StreamExt;
use serde_json::Value;
use std::time::Duration;
use tls::Stream;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;

/// Longest wait for a message.
const WAIT: Duration = Duration::from_secs(20);

/// An open WebSocket.
pub struct Socket {
    stream: WebSocketStream<Stream>,
}

impl Socket {
    /// Opens `url` (`ws://...`) with the given headers.
    ///
    /// # Errors
    /// The HTTP status if the server rejects the handshake.
    ///
    /// # Panics
    /// If the server does not respond at all.
    pub async fn open(url: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut request = url.into_client_request().expect("a well-formed URL");
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().expect("a header's name");
            request.headers_mut().insert(name, value.parse().expect("a header's value"));
        }
        let server = TcpStream::connect(authority(url)).await.unwrap_or_else(|failure| panic!("open {url}: {failure}"));
        match tokio_tungstenite::client_async(request, Stream::Plain(server)).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(failure) => panic!("open {url}: {failure}"),
        }
    }

    /// Opens a path with TLS (`wss`).
    ///
    /// # Panics
    /// If the server does not respond or rejects the handshake.
    pub async fn open_with_tls(client: &HttpsClient, path: &str) -> Self {
        let request = format!("wss://localhost{path}").into_client_request().expect("a well-formed URL");
        let server = client.connect().await.expect("the server has TLS");
        let (stream, _) = tokio_tungstenite::client_async(request, server).await.expect("a WebSocket");
        Self { stream }
    }

    /// Opens `url`, or returns `None` if the server does not respond or rejects the handshake.
    ///
    /// # Panics
    /// If the URL is malformed.
    pub async fn try_open(url: &str) -> Option<Self> {
        let request = url.into_client_request().expect("a well-formed URL");
        let server = TcpStream::connect(authority(url)).await.ok()?;
        tokio_tungstenite::client_async(request, Stream::Plain(server)).await.ok().map(|(stream, _)| Self { stream })
    }

    /// The next text message as JSON.
    ///
    /// # Panics
    /// If none arrives in time, or the socket is closed.
    pub async fn next(&mut self) -> Value {
        self.next_or_end().await.expect("the socket is open")
    }

    /// The next text message as JSON; `None` if the socket was closed or failed.
    ///
    /// # Panics
    /// If neither happens in time.
    pub async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(WAIT, self.stream.next()).await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    /// Skips messages until one satisfies `wanted`, and returns it.
    ///
    /// # Panics
    /// If none does in time.
    pub async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if wanted(&message) {
                return message;
            }
        }
    }

    /// The close code sent by the server.
    ///
    /// # Panics
    /// If it does not close in time.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match tokio::time::timeout(WAIT, self.stream.next()).await.expect("an end in time") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

/// Host and port of a `ws` URL.
fn authority(url: &str) -> &str {
    let rest = url.strip_prefix("ws://").expect("a ws:// URL");
    rest.split(['/', '?']).next().unwrap_or(rest)
}
