//! An HTTP client that follows the protocol.

use axum::body::{Body, Bytes};
use http::request::Builder;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct TestResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestResponse {
    /// The code of the problem document, after checking the parts that every problem document has.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert!(self.headers.contains_key("x-request-id"), "{self:?}");
        let document: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(document["status"], self.status.as_u16());
        assert_eq!(document["trace_id"].as_str().map(str::len), Some(32));
        document["code"].as_str().unwrap().to_owned()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A request of user 1.
pub(crate) fn as_user(method: &str, address: SocketAddr, path: &str) -> Builder {
    anonymous(method, address, path).header("X-User-ID", "1")
}

/// A request without credentials.
pub(crate) fn anonymous(method: &str, address: SocketAddr, path: &str) -> Builder {
    Request::builder().method(method).uri(format!("http://{address}{path}"))
}

/// Sends a request and reads the whole response.
pub(crate) async fn send(request: Request<Body>) -> TestResponse {
    let (parts, body) = open(request).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    TestResponse { status: parts.status, headers: parts.headers, body }
}

/// Sends a request without a body.
pub(crate) async fn fetch(request: Builder) -> TestResponse {
    send(request.body(Body::empty()).unwrap()).await
}

/// Sends a request and reads the head of the response.
pub(crate) async fn open(request: Request<Body>) -> Response<Incoming> {
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    client.request(request).await.unwrap()
}
