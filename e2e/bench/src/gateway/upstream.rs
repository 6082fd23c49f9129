//! The upstream of both proxies: responds to every request at once with an order.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// A response of orders-service.
pub(super) const BODY: &str = r#"{"id":"0190d3a2-0000-7000-8000-000000000001","user_id":1,"amount":200,"description":null,"status":"PAID","reason":null,"version":2,"created_at":"2026-11-21T10:00:00Z","updated_at":"2026-11-21T10:00:01Z"}"#;

/// Serves until the process is killed.
pub(crate) async fn serve(host: &str) -> ExitCode {
    let Ok(listener) = TcpListener::bind(host).await else { return ExitCode::FAILURE };
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
    ExitCode::FAILURE
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(BODY.as_bytes())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
