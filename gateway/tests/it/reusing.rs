//! Connections to services are reused, and replaced when they turn out to be closed.

use crate::client::{as_user, fetch, send};
use crate::service::Service;
use crate::stage::{Plan, before};
use axum::body::Body;
use http::StatusCode;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let service = Service::echo().await;
    let stage = one_worker(service.address).start().await;
    for _ in 0..20 {
        let request = as_user("POST", stage.api, "/orders/orders").body(Body::from("{}"));
        assert_eq!(send(request.unwrap()).await.status, StatusCode::OK);
    }
    assert_eq!(service.received.heads().len(), 20);
    assert_eq!(service.received.connections(), 1);
}

#[tokio::test]
async fn a_retryable_request_on_a_closed_connection_is_retried() {
    let (address, connections) = answering_once().await;
    let stage = one_worker(address).start().await;
    assert_eq!(fetch(as_user("GET", stage.api, "/orders/orders")).await.status, StatusCode::OK);
    // The first connection stays open and is closed by the service when this request arrives.
    assert_eq!(fetch(as_user("GET", stage.api, "/orders/orders")).await.status, StatusCode::OK);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_request_that_may_have_had_an_effect_is_not_retried() {
    let (address, connections) = answering_once().await;
    let stage = one_worker(address).start().await;
    assert_eq!(fetch(as_user("GET", stage.api, "/orders/orders")).await.status, StatusCode::OK);
    assert_eq!(fetch(as_user("POST", stage.api, "/orders/orders")).await.problem(), "upstream_unreachable");
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_request_is_retried_only_once() {
    let (address, connections) = closing().await;
    let stage = one_worker(address).start().await;
    assert_eq!(fetch(as_user("GET", stage.api, "/orders/orders")).await.problem(), "upstream_unreachable");
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

/// A gateway with one worker: each worker has its own connections.
fn one_worker(address: SocketAddr) -> Plan {
    before(address).limits(|limits| limits.workers = NonZeroUsize::MIN)
}

/// Responds to the first request of each connection, and closes it when a second arrives.
async fn answering_once() -> (SocketAddr, Arc<AtomicUsize>) {
    accepting(|mut stream| async move {
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        let _ = stream.read(&mut buffer).await;
    })
    .await
}

/// Closes every connection when a request arrives.
async fn closing() -> (SocketAddr, Arc<AtomicUsize>) {
    accepting(|mut stream| async move {
        let _ = stream.read(&mut [0; 4096]).await;
    })
    .await
}

async fn accepting<F, S>(serve: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            serve(stream).await;
        }
    });
    (address, connections)
}
