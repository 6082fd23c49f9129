//! Services that are unavailable, close the connection early, or are slow.

use crate::client::{as_user, fetch, open, send};
use crate::raw::Raw;
use crate::service::Service;
use crate::stage::{before, before_router};
use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http_body_util::BodyExt;
use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn an_unavailable_service_is_503() {
    let unused_address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let stage = before(unused_address).start().await;
    let answer = fetch(as_user("GET", stage.api, "/orders/orders")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.problem(), "unavailable");
    assert_eq!(answer.headers["retry-after"], "1");
    let handshake = "GET /ws/orders?user_id=1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(Raw::sending(stage.api, handshake).await.status().await, 503);
}

#[tokio::test]
async fn a_service_that_closes_the_connection_is_502() {
    for reply in ["", "HTTP/1.1 200", "nonsense\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"] {
        let stage = before(replying(reply).await).start().await;
        let request = as_user("POST", stage.api, "/orders/orders").body(Body::from("{}"));
        let answer = send(request.unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{reply:?}");
        assert_eq!(answer.problem(), "upstream_unreachable");
    }
}

#[tokio::test]
async fn a_slow_service_is_504() {
    let service = Service::start(|_| Router::new().fallback(pending::<()>)).await;
    let stage =
        before(service.address).limits(|limits| limits.response_header = Duration::from_millis(50)).start().await;
    for method in ["GET", "POST"] {
        let answer = fetch(as_user(method, stage.api, "/orders/orders")).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(answer.problem(), "upstream_timeout");
    }
}

#[tokio::test]
async fn an_incomplete_or_stalled_response_is_not_forwarded_as_complete() {
    let broken = replying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await;
    let stage = before(broken).start().await;
    let request = as_user("GET", stage.api, "/orders/orders").body(Body::empty()).unwrap();
    assert!(open(request).await.into_body().collect().await.is_err());

    let stuck = Router::new().fallback(|| async {
        let first = stream::iter([Ok::<_, Infallible>(Bytes::from("half"))]);
        Body::from_stream(first.chain(stream::pending()))
    });
    let service = Service::start(|_| stuck).await;
    let stage =
        before(service.address).limits(|limits| limits.download_pause = Duration::from_millis(50)).start().await;
    let request = as_user("GET", stage.api, "/orders/orders").body(Body::empty()).unwrap();
    assert!(open(request).await.into_body().collect().await.is_err());
}

#[tokio::test]
async fn an_error_response_of_the_service_is_forwarded_unchanged() {
    let teapot = (StatusCode::IM_A_TEAPOT, [("content-type", "application/problem+json")], "{}");
    let (stage, _service) = before_router(Router::new().fallback(move || async move { teapot })).await;
    let answer = fetch(as_user("GET", stage.api, "/orders/orders")).await;
    assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(answer.text(), "{}");
}

/// Responds to the first request of every connection with these bytes, and closes it.
async fn replying(reply: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(reply.as_bytes()).await;
            let _ = stream.shutdown().await;
            // Closed only after the gateway has closed, because an unread byte would turn this into a reset.
            while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        }
    });
    address
}
