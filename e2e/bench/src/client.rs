//! A persistent connection to the gateway, with one request at a time; reconnects if it was closed.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use uuid::Uuid;

/// A connection that was open after its last use.
pub(crate) struct Connection {
    host: String,
    sender: SendRequest<Full<Bytes>>,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("connect to {host}")]
    Connect { host: String, source: std::io::Error },
    #[error("request {path}")]
    Send { path: String, source: hyper::Error },
    #[error("{path} responded with {status}: {body}")]
    Status { path: String, status: StatusCode, body: String },
    #[error("read the response of {path}")]
    Body { path: String, source: serde_json::Error },
}

#[derive(Deserialize)]
struct Placed {
    id: Uuid,
}

impl Connection {
    /// Connects to `host`, an address with a port.
    pub(crate) async fn open(host: &str) -> Result<Self, RequestError> {
        let connecting = |source| RequestError::Connect { host: host.to_owned(), source };
        let stream = TcpStream::connect(host).await.map_err(connecting)?;
        stream.set_nodelay(true).map_err(connecting)?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|source| RequestError::Send { path: "/".to_owned(), source })?;
        // Ends when the sender is dropped; the next request reports its errors.
        tokio::spawn(connection);
        Ok(Self { host: host.to_owned(), sender })
    }

    /// Places an order of `amount` major units and returns its id.
    pub(crate) async fn order(&mut self, user: i64, amount: u32) -> Result<Uuid, RequestError> {
        let path = "/orders/orders";
        let body = self.post(path, user, format!(r#"{{"amount":{amount}}}"#), StatusCode::CREATED).await?;
        let placed: Placed =
            serde_json::from_slice(&body).map_err(|source| RequestError::Body { path: path.to_owned(), source })?;
        Ok(placed.id)
    }

    /// Adds `amount` major units to the user's balance.
    pub(crate) async fn top_up(&mut self, user: i64, amount: u64) -> Result<(), RequestError> {
        let body = format!(r#"{{"amount":{amount}}}"#);
        self.post("/payments/account/topup", user, body, StatusCode::OK).await.map(drop)
    }

    /// Requests `path`; fails if the response is not `expected`.
    pub(crate) async fn get(&mut self, path: &str, user: i64, expected: &str) -> Result<(), RequestError> {
        let body = self.send(Method::GET, path, user, Bytes::new(), StatusCode::OK).await?;
        if body == expected.as_bytes() {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Err(RequestError::Status { path: path.to_owned(), status: StatusCode::OK, body })
    }

    async fn post(&mut self, path: &str, user: i64, body: String, expected: StatusCode) -> Result<Bytes, RequestError> {
        self.send(Method::POST, path, user, Bytes::from(body), expected).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        user: i64,
        body: Bytes,
        expected: StatusCode,
    ) -> Result<Bytes, RequestError> {
        let sending = |source| RequestError::Send { path: path.to_owned(), source };
        let mut request =
            Request::builder().method(method).uri(path).header(HOST, &self.host).header("x-user-id", user);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(body)).expect("path and headers are well-formed");
        if self.sender.ready().await.is_err() {
            // The gateway may have closed the connection because it was idle.
            *self = Self::open(&self.host).await?;
            self.sender.ready().await.map_err(sending)?;
        }
        let answer = self.sender.send_request(request).await.map_err(sending)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(sending)?.to_bytes();
        if status == expected {
            return Ok(body);
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Err(RequestError::Status { path: path.to_owned(), status, body })
    }
}
