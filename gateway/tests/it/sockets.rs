//! WebSockets: who may open them, and that all bytes are forwarded.

use crate::client::{anonymous, fetch};
use crate::raw::Raw;
use crate::service::{ReceivedRequests, Service};
use crate::stage::{ORIGIN, Stage, before};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::{SinkExt, StreamExt};
use http::StatusCode;
use http_api::problem::Problem;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message as ClientMessage;

/// The head of a valid handshake, without the empty line at its end.
pub(crate) fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: x\r\n"
    )
}

/// A gateway in front of a service whose WebSockets echo what they receive, and send `bye` at the end.
pub(crate) async fn sockets() -> (Stage, Service) {
    sockets_with("--shutdown-secs=20").await
}

/// The same, with another command line argument.
pub(crate) async fn sockets_with(argument: &str) -> (Stage, Service) {
    let service = Service::start(routes).await;
    (before(service.address).with(argument).start().await, service)
}

/// A service whose WebSockets echo what they receive.
pub(crate) async fn echoing_sockets() -> Service {
    Service::start(routes).await
}

fn routes(_: ReceivedRequests) -> Router {
    Router::new()
        .route("/ws/orders", any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo_messages) }))
        .route("/ws/orders/{id}", any(echo_bytes))
        .route("/ws/orders/plain", any(upgrade_required))
        .route("/ws/orders/unknown", any(|| async { Problem::not_found("order_not_found", "no such order") }))
}

async fn upgrade_required() -> Response {
    let headers = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")];
    (StatusCode::UPGRADE_REQUIRED, headers, Body::empty()).into_response()
}

async fn echo_messages(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_) | Message::Binary(_)) {
            let _ = socket.send(message).await;
        }
    }
}

pub(crate) async fn echo_bytes(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            let _ = stream.write_all(&buffer[..count]).await;
        }
        let _ = stream.write_all(b"bye").await;
        let _ = stream.shutdown().await;
    });
    let headers = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", "theirs")];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

#[tokio::test]
async fn messages_small_and_large_come_back() {
    let (stage, service) = sockets().await;
    for path in ["/ws/orders", "/orders/ws/orders"] {
        let (mut socket, _) = connect_async(format!("ws://{}{path}?user_id=7", stage.api)).await.unwrap();
        for size in [0, 1, 125, 126, 65_535, 65_536, 4 * 1024 * 1024] {
            let message = ClientMessage::binary(vec![b'x'; size]);
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), message);
        }
        socket.close(None).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
    for head in service.received.heads() {
        assert_eq!(head.line, "GET /ws/orders");
        assert_eq!(head.headers["x-user-id"], "7");
    }
}

#[tokio::test]
async fn bytes_are_forwarded_unchanged_and_each_direction_ends_independently() {
    let (stage, service) = sockets().await;
    // Bytes that directly follow the handshake belong to the tunnel.
    let request = format!("{}X-User-ID: 1\r\n\r\nearly", handshake("/ws/orders/1?a=b&user_id=1"));
    let mut client = Raw::sending(stage.api, request).await;
    let head = client.head().await;
    assert!(head.starts_with("http/1.1 101"), "{head}");
    for line in ["connection: upgrade", "upgrade: websocket", "sec-websocket-accept: theirs"] {
        assert!(head.lines().any(|other| other == line), "{head}");
    }
    assert!(head.contains("x-request-id: "), "{head}");
    assert_eq!(client.exactly(5).await, b"early");
    client.send([0xff, 0, 0x80]).await;
    assert_eq!(client.exactly(3).await, [0xff, 0, 0x80]);
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, b"bye");
    let head = service.received.only();
    assert_eq!(head.line, "GET /ws/orders/1?a=b");
    assert_eq!(head.headers["connection"], "upgrade");
    assert_eq!(head.headers["upgrade"], "websocket");
    assert_eq!(head.headers["sec-websocket-protocol"], "x");
}

#[tokio::test]
async fn a_rejected_handshake_gets_the_services_response() {
    let (stage, _service) = sockets().await;
    let mut client = Raw::sending(stage.api, handshake("/ws/orders/unknown?user_id=1") + "\r\n").await;
    let head = client.head().await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(!head.contains("upgrade"), "{head}");
    // The connection continues with HTTP.
    let mut client = Raw::sending(stage.api, handshake("/ws/orders/unknown?user_id=1") + "\r\n").await;
    assert_eq!(client.status().await, 404);
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(client.status().await, 200);
}

#[tokio::test]
async fn a_client_that_has_to_upgrade_learns_to_which_protocol() {
    let (stage, _service) = sockets().await;
    let request = "GET /ws/orders/plain?user_id=1 HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\n\r\n";
    let head = Raw::sending(stage.api, request).await.head().await;
    assert!(head.starts_with("http/1.1 426"), "{head}");
    for line in ["connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"] {
        assert!(head.lines().any(|other| other == line), "{head}");
    }
}

#[tokio::test]
async fn only_allowed_pages_and_programs_open_sockets() {
    let (stage, service) = sockets().await;
    let status = async |address, headers: &str| {
        let request = handshake("/ws/orders/1?user_id=1") + headers + "\r\n";
        Raw::sending(address, request).await.status().await
    };
    for address in [stage.api, stage.ui] {
        assert_eq!(status(address, "").await, 101);
        for origin in [ORIGIN, &format!("http://{}", stage.ui), &format!("http://localhost:{}", stage.ui.port())] {
            assert_eq!(status(address, &format!("Origin: {origin}\r\n")).await, 101, "{origin}");
        }
        for origin in [
            "null",
            "http://localhost",
            "https://localhost:8080",
            "http://localhost:8080, http://evil.example",
            "http://localhost:8080.evil.example",
            &format!("http://{}", stage.api),
        ] {
            assert_eq!(status(address, &format!("Origin: {origin}\r\n")).await, 403, "{origin}");
        }
        let twice = format!("Origin: {ORIGIN}\r\nOrigin: {ORIGIN}\r\n");
        assert_eq!(status(address, &twice).await, 403);
    }
    assert_eq!(service.received.heads().len(), 8);
}

#[tokio::test]
async fn dns_rebinding_opens_no_socket() {
    let (stage, service) = sockets().await;
    let request = handshake("/ws/orders/1?user_id=1").replace("Host: localhost", "Host: evil.example:8080");
    let request = request + "Origin: http://evil.example:8080\r\n\r\n";
    assert_eq!(Raw::sending(stage.ui, request).await.status().await, 403);
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn sockets_need_one_unambiguous_user() {
    let (stage, service) = sockets().await;
    for (query, headers) in [
        ("", ""),
        ("?user_id=abc", ""),
        ("?user_id=1&user_id=1", ""),
        ("?user_id=1", "X-User-ID: 2\r\n"),
        ("", "X-User-ID: 1\r\nX-User-ID: 1\r\n"),
    ] {
        let request = handshake(&format!("/ws/orders/1{query}")) + headers + "\r\n";
        assert_eq!(Raw::sending(stage.api, request).await.status().await, 401, "{query} {headers}");
    }
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn an_invalid_handshake_is_an_ordinary_request() {
    let (stage, service) = sockets().await;
    let proper = handshake("/ws/orders") + "X-User-ID: 1\r\n\r\n";
    for (from, to) in [
        ("Upgrade: WebSocket", "Upgrade: h2c"),
        ("Upgrade: WebSocket", "X: y"),
        ("keep-alive, Upgrade", "keep-alive"),
        ("Sec-WebSocket-Key", "X-Key"),
    ] {
        let mut client = Raw::sending(stage.api, proper.replace(from, to)).await;
        assert_eq!(client.status().await, 400, "{to}");
        assert!(!service.received.heads().last().unwrap().headers.contains_key("upgrade"), "{to}");
    }
    let plain = anonymous("GET", stage.api, "/ws/orders?user_id=1");
    assert_eq!(fetch(plain).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn tunnels_have_a_limit() {
    let service = Service::start(routes).await;
    let stage = before(service.address).limits(|limits| limits.tunnels = 1).start().await;
    let request = handshake("/ws/orders/1?user_id=1") + "\r\n";
    let mut first = Raw::sending(stage.api, &request).await;
    assert!(first.head().await.starts_with("http/1.1 101"));
    let mut second = Raw::sending(stage.api, &request).await;
    let head = second.head().await;
    assert!(head.starts_with("http/1.1 503") && head.contains("retry-after: 1"), "{head}");
}
