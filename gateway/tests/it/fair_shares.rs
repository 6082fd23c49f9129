//! One client can't take what all clients need: connections, memory for bodies, calls, places of a bill.

use crate::client::{TestResponse, anonymous, fetch, send};
use crate::raw::Raw;
use crate::service::Service;
use crate::stage::{Plan, Stage};
use crate::tokens::{Signer, signing_in_to};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const LINK: &str = "/small-router/lBF2niuPbm0123456789Az";

/// A gateway in `jwt` mode in front of a service that reads each body to its end.
async fn signing_in(change: impl FnOnce(Plan) -> Plan) -> (Stage, Service, Signer) {
    let read = |request: Request| async {
        axum::body::to_bytes(request.into_body(), usize::MAX).await.map_or("broken", |_| "read")
    };
    signing_in_to(Router::new().fallback(read), change).await
}

async fn status_from(local: [u8; 4], gateway: SocketAddr) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((local, 0).into()).unwrap();
    let mut stream = socket.connect(gateway).await.unwrap();
    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    let mut answer = vec![];
    // A connection that was refused may be reset.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap().lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn idle_connections_of_one_address_leave_room_for_others() {
    let (stage, _service, _) = signing_in(|plan| plan.limits(|limits| limits.connections_per_address = 8)).await;
    let mut idle = vec![];
    for _ in 0..20 {
        idle.push(TcpStream::connect(stage.api).await.unwrap());
    }
    assert_eq!(status_from([127, 0, 0, 1], stage.api).await, "", "all listeners together");
    assert_eq!(status_from([127, 0, 0, 1], stage.ui).await, "", "all listeners together");
    assert_eq!(status_from([127, 0, 0, 2], stage.api).await, "HTTP/1.1 200 OK");
    drop(idle);
    for _ in 0..100 {
        if status_from([127, 0, 0, 1], stage.api).await == "HTTP/1.1 200 OK" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a closed connection still counts");
}

#[tokio::test]
async fn a_route_without_large_bodies_rejects_them_before_it_reads_them() {
    let (stage, service, signer) = signing_in(|plan| plan).await;
    for (path, length) in [
        ("/login", 4097),
        ("/users/register", 4097),
        ("/orders/orders", 16_385),
        ("/small-router/abc/participants", 16_385),
    ] {
        let token = signer.token(1, "user");
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\
             Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
        );
        let mut client = Raw::sending(stage.api, head).await;
        assert_eq!(client.status().await, 413, "{path}");
    }
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn one_address_sends_a_few_bodies_at_the_same_time() {
    let (stage, service, _) = signing_in(|plan| plan.limits(|limits| limits.uploads_per_address = 3)).await;
    let begin = || async {
        let head =
            format!("PATCH {LINK}/cheque HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nbeginning");
        Raw::sending(stage.api, head).await
    };
    let mut unfinished = vec![];
    for _ in 0..3 {
        unfinished.push(begin().await);
    }
    while service.received.heads().len() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut refused = begin().await;
    let head = refused.head().await;
    assert!(head.starts_with("http/1.1 429") && head.contains("retry-after: 5"), "{head}");
    assert!(fetch(anonymous("GET", stage.api, LINK)).await.status == StatusCode::OK, "without a body");
    assert_eq!(service.received.heads().len(), 4);
    // One that has ended leaves its place to the next.
    unfinished[0].send(vec![b'x'; 1_000_000 - "beginning".len()]).await;
    assert_eq!(unfinished[0].status().await, 200);
    let small = anonymous("POST", stage.api, &format!("{LINK}/participants")).body(Body::from("{}"));
    assert_eq!(send(small.unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_small_body_has_less_time_than_a_photo() {
    let (stage, _service, _) =
        signing_in(|plan| plan.limits(|limits| limits.small_upload = Duration::from_millis(100))).await;
    let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n\
                beginning";
    assert_eq!(Raw::sending(stage.api, head).await.status().await, 408);
}

/// Calls until the rate limit refuses.
async fn until_refused(call: impl AsyncFn() -> TestResponse) {
    for _ in 0..3000 {
        let answer = call().await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.problem(), "too_many_requests");
            assert!(answer.headers.contains_key("retry-after"));
            return;
        }
    }
    panic!("3000 calls were not refused");
}

#[tokio::test]
async fn tickets_count_as_calls() {
    let (stage, _service, signer) = signing_in(|plan| plan).await;
    let token = signer.token(1, "user");
    until_refused(async || {
        let request = anonymous("POST", stage.api, "/tickets").header("Authorization", format!("Bearer {token}"));
        fetch(request).await
    })
    .await;
    let other =
        anonymous("POST", stage.api, "/tickets").header("Authorization", format!("Bearer {}", signer.token(2, "user")));
    assert_eq!(fetch(other).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn guessed_tokens_for_tickets_count_as_calls_of_their_address() {
    let (stage, _service, _) = signing_in(|plan| plan).await;
    until_refused(async || fetch(anonymous("POST", stage.api, "/tickets").header("Authorization", "Bearer x")).await)
        .await;
}

#[tokio::test]
async fn share_pages_count_as_calls() {
    let (stage, _service, _) = signing_in(|plan| plan).await;
    until_refused(async || fetch(anonymous("GET", stage.links, LINK).header("Accept", "text/html")).await).await;
}

#[tokio::test]
async fn guests_at_one_address_do_not_take_all_places_of_a_bill() {
    let (stage, _service, signer) = signing_in(|plan| plan).await;
    let join = async |path: &str| fetch(anonymous("POST", stage.api, path)).await;
    let path = format!("{LINK}/participants");
    for _ in 0..20 {
        assert_eq!(join(&path).await.status, StatusCode::OK);
    }
    assert_eq!(join(&path).await.problem(), "too_many_requests");
    assert_eq!(join("/small-router/another0123/participants").await.status, StatusCode::OK);
    // A user has one place, however often they join.
    let user =
        anonymous("POST", stage.api, &path).header("Authorization", format!("Bearer {}", signer.token(1, "user")));
    assert_eq!(fetch(user).await.status, StatusCode::OK);
}
