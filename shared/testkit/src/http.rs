//! A small HTTP client for tests: JSON in, JSON out, no surprises.

use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Talks to one server, as one user.
#[derive(Clone)]
pub struct Client {
    base_url: String,
    headers: Vec<(String, String)>,
    pool: Pool<HttpConnector, Full<bytes::Bytes>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Client {
    /// Talks to `base_url` (`http://127.0.0.1:8000`), as nobody.
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
    /// When no answer comes.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, "").await
    }

    /// `POST` with a JSON text.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn post(&self, path: &str, json: &str) -> Answer {
        self.send(Method::POST, path, Some("application/json"), json).await
    }

    /// Any request; returns what the server said.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(&self, method: Method, path: &str, content_type: Option<&str>, body: &str) -> Answer {
        self.try_send(method, path, content_type, body).await.expect("the server answers")
    }

    /// Any request; an error when no answer came, in which case it may or may not have had its effect.
    ///
    /// # Errors
    /// The client's.
    ///
    /// # Panics
    /// When the path or a header is malformed.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: &str,
    ) -> Result<Answer, hyper_util::client::legacy::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base_url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let body = Full::new(bytes::Bytes::copy_from_slice(body.as_bytes()));
        let response = self.pool.request(request.body(body).expect("a well-formed request")).await?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: head.status, headers: head.headers, text })
    }
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
