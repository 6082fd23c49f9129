//! Bodies that are too large, broken, or too slow.

use crate::client::{as_user, send};
use crate::raw::Raw;
use crate::service::Service;
use crate::stage::{before, echoing};
use axum::body::{Body, Bytes};
use futures_util::stream;
use http::StatusCode;
use std::convert::Infallible;
use std::time::Duration;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_declared_as_too_large_is_rejected_at_once() {
    let (stage, service) = echoing().await;
    let request = as_user("POST", stage.api, "/orders/orders").body(Body::from(vec![b'x'; 10 * MIB]));
    let answer = send(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.problem(), "payload_too_large");
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn a_body_of_unknown_length_is_counted() {
    let (stage, service) = echoing().await;
    let request = as_user("POST", stage.api, "/orders/orders").body(chunks(40, 64 * 1024));
    let answer = send(request.unwrap()).await;
    assert_eq!(answer.problem(), "payload_too_large");
    assert!(service.received.bodies().is_empty());
}

#[tokio::test]
async fn a_body_of_the_limit_is_accepted_and_a_photo_may_be_larger() {
    let (stage, service) = echoing().await;
    let full = as_user("PATCH", stage.api, "/small-router/abc/cheque").body(chunks(16, 64 * 1024));
    assert_eq!(send(full.unwrap()).await.body.len(), MIB);
    let picture = |size| {
        as_user("POST", stage.api, "/ocr/load-image")
            .header("Content-Type", "Multipart/form-data; boundary=x")
            .body(Body::from(vec![b'x'; size]))
            .unwrap()
    };
    // A photo of 10 MiB plus the multipart framing.
    let most = 10 * MIB + 64 * 1024;
    assert_eq!(send(picture(most)).await.body.len(), most);
    assert_eq!(send(picture(most + 1)).await.problem(), "payload_too_large");
    assert_eq!(service.received.bodies().len(), 2);
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_gets_the_response() {
    let (stage, _service) = echoing().await;
    let body = "x".repeat(10 * MIB);
    let announced = format!(
        "POST /orders/orders HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let counted = chunked(&format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    for request in [announced, counted] {
        let mut client = Raw::sending(stage.api, request).await;
        assert_eq!(client.status().await, 413);
        assert_eq!(client.rest().await, b"");
    }
}

#[tokio::test]
async fn a_client_that_waits_for_100_continue_is_rejected_before_it_sends() {
    let (stage, _service) = echoing().await;
    let head = "POST /orders/orders HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n";
    let mut client = Raw::sending(stage.api, head).await;
    assert_eq!(client.status().await, 413);
    assert_eq!(client.rest().await, b"");
}

#[tokio::test]
async fn broken_chunks_are_the_clients_fault() {
    let (stage, service) = echoing().await;
    for body in
        ["0x3\r\nabc\r\n0\r\n\r\n", "fffffffffffffffff\r\nabc", "3\r\nabcd\r\n0\r\n\r\n", "-1\r\n", "3 a\r\nabc\r\n"]
    {
        let mut client = Raw::sending(stage.api, chunked(body)).await;
        assert_eq!(client.status().await, 400, "{body:?}");
        assert_eq!(client.rest().await, b"", "{body:?}");
    }
    assert!(service.received.bodies().is_empty());
}

#[tokio::test]
async fn a_client_that_sends_too_slowly_is_disconnected() {
    let service = Service::echo().await;
    let stage = before(service.address).limits(|limits| limits.small_upload = Duration::from_millis(100)).start().await;
    let mut client = Raw::sending(stage.api, chunked("1\r\nx\r\n")).await;
    assert_eq!(client.status().await, 408);
    assert_eq!(client.rest().await, b"");
    assert!(service.received.bodies().is_empty());
}

#[tokio::test]
async fn a_client_that_disconnects_cancels_its_request() {
    let (stage, service) = echoing().await;
    drop(Raw::sending(stage.api, chunked("1\r\nx\r\n")).await);
    let request = as_user("GET", stage.api, "/orders/orders").body(Body::empty());
    assert_eq!(send(request.unwrap()).await.status, StatusCode::OK);
    assert_eq!(service.received.bodies(), [""]);
}

fn chunks(count: usize, size: usize) -> Body {
    let chunk = Bytes::from(vec![b'x'; size]);
    Body::from_stream(stream::iter((0..count).map(move |_| Ok::<_, Infallible>(chunk.clone()))))
}

fn chunked(body: &str) -> String {
    format!(
        "POST /orders/orders HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
    )
}
