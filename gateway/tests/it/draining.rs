//! Shutdown: requests in flight complete, and no new ones start.

use crate::client::{as_user, fetch};
use crate::raw::Raw;
use crate::service::Service;
use crate::sockets::handshake;
use crate::stage::before;
use axum::Router;
use axum::routing::any;
use http::StatusCode;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Notify;

#[tokio::test]
async fn a_request_in_flight_gets_its_response() {
    let (reached, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (reaching, finishing) = (Arc::clone(&reached), Arc::clone(&finish));
    let router = Router::new().fallback(any(move || async move {
        reaching.notify_one();
        finishing.notified().await;
        "done"
    }));
    let service = Service::start(|_| router).await;
    let stage = before(service.address).start().await;
    let answer = tokio::spawn(fetch(as_user("GET", stage.api, "/orders/orders")));
    reached.notified().await;
    stage.process.stopping().cancel();
    while TcpStream::connect(stage.api).await.is_ok() {
        tokio::task::yield_now().await;
    }
    finish.notify_one();
    let answer = answer.await.unwrap();
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, "done"));
}

#[tokio::test]
async fn tunnels_stay_open_until_the_time_limit_and_are_closed_then() {
    let (stage, _service) = crate::sockets::sockets_with("--shutdown-secs=1").await;
    let mut client = Raw::sending(stage.api, handshake("/ws/orders/1?user_id=1") + "\r\n").await;
    assert!(client.head().await.starts_with("http/1.1 101"));
    stage.process.stopping().cancel();
    while TcpStream::connect(stage.api).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.send("still here").await;
    assert_eq!(client.exactly(10).await, b"still here");
    assert_eq!(client.rest().await, b"");
}
