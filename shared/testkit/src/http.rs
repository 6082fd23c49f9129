//! A small HTTP client for tests with JSON.

use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A client of one server, for one user.
#[derive(Clone)]
pub struct Client {
    base_url: String,
    headers: Vec<(String, String)>,
    pool: Pool<HttpConnector, Full<bytes::Bytes>>,
}

/// A response.
#[derive(Debug, Clone)]
pub struct TestResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as bytes.
    pub bytes: bytes::Bytes,
}

impl Client {
    /// A client of `base_url` (`http://127.0.0.1:8000`), without a user.
    pub fn new(base_url: &str) -> Self {
        let pool = Pool::builder(TokioExecutor::new()).build_http();
        Self { base_url: base_url.trim_end_matches('/').to_owned(), headers: vec![], pool }
    }

    /// The same, as a user.
    #[must_use]
    pub fn as_user(&self, user_id: i64) -> Self {
        self.with_header("x-user-id", &user_id.to_string())
    }

    /// The same, with one more header on every request.
    #[must_use]
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// `GET`.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn get(&self, path: &str) -> TestResponse {
        self.send(Method::GET, path, None, "").await
    }

    /// `POST` with a JSON text.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn post(&self, path: &str, json: &str) -> TestResponse {
        self.send(Method::POST, path, Some("application/json"), json).await
    }

    /// `PUT` with a JSON text.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn put(&self, path: &str, json: &str) -> TestResponse {
        self.send(Method::PUT, path, Some("application/json"), json).await
    }

    /// `PATCH` with a JSON text.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn patch(&self, path: &str, json: &str) -> TestResponse {
        self.send(Method::PATCH, path, Some("application/json"), json).await
    }

    /// `DELETE`.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn delete(&self, path: &str) -> TestResponse {
        self.send(Method::DELETE, path, None, "").await
    }

    /// `POST` of a file in the field `file` of a multipart form.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn upload(&self, path: &str, file_name: &str, content_type: &str, file: &[u8]) -> TestResponse {
        let boundary = "chipin-boundary";
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let body = [head.as_bytes(), file, tail.as_bytes()].concat();
        let form = format!("multipart/form-data; boundary={boundary}");
        self.try_send_bytes(Method::POST, path, Some(&form), body).await.expect("the server responds")
    }

    /// Sends any request and returns the response.
    ///
    /// # Panics
    /// If there is no response.
    pub async fn send(&self, method: Method, path: &str, content_type: Option<&str>, body: &str) -> TestResponse {
        self.try_send(method, path, content_type, body).await.expect("the server responds")
    }

    /// Sends any request. If there is no response, the request may or may not have had its effect.
    ///
    /// # Errors
    /// Client errors.
    ///
    /// # Panics
    /// If the path or a header is malformed.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: &str,
    ) -> Result<TestResponse, hyper_util::client::legacy::Error> {
        self.try_send_bytes(method, path, content_type, body.as_bytes().to_vec()).await
    }

    /// As [`Client::try_send`], with a binary body.
    ///
    /// # Errors
    /// Client errors.
    ///
    /// # Panics
    /// If the path or a header is malformed.
    pub async fn try_send_bytes(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<TestResponse, hyper_util::client::legacy::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base_url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let body = request.body(Full::new(bytes::Bytes::from(body)));
        let response = self.pool.request(body.expect("a well-formed request")).await?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(TestResponse { status: head.status, headers: head.headers, text, bytes })
    }
}

impl TestResponse {
    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The trace id of a failure, whose document has the general code of its status and nothing of the cause.
    ///
    /// # Panics
    /// If it is another response.
    pub fn failed(&self, status: u16) -> String {
        let code = if status == 503 { "unavailable" } else { "internal_error" };
        let document = self.json();
        assert_eq!((self.status.as_u16(), document["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert!(!self.text.contains("database"), "{}", self.text);
        document["trace_id"].as_str().expect("a failure has the id of its trace").to_owned()
    }

    /// A header as text; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
