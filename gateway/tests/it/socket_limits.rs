//! How many WebSockets one user, or one address, may have open.

use crate::raw::Raw;
use crate::service::Service;
use crate::sockets::{echo_bytes, handshake};
use crate::stage::{Plan, Stage, before};
use crate::tokens::{Signer, signing_in_to};
use axum::Router;
use axum::routing::any;
use std::time::Duration;

/// A gateway in `jwt` mode with two sockets per user and three per address.
async fn limited(change: impl FnOnce(Plan) -> Plan) -> (Stage, Service, Signer) {
    let router = Router::new().route("/ws/orders/{id}", any(echo_bytes)).route("/{hash}/ws", any(echo_bytes));
    signing_in_to(router, |plan| {
        change(plan.limits(|limits| {
            limits.tunnels_per_user = 2;
            limits.tunnels_per_address = 3;
        }))
    })
    .await
}

/// Opens a socket; returns it with the head of the response.
async fn open(stage: &Stage, path: &str, headers: &str) -> (Raw, String) {
    let mut client = Raw::sending(stage.api, handshake(path) + headers + "\r\n").await;
    let head = client.head().await;
    (client, head)
}

fn token_of(signer: &Signer, user: i64) -> String {
    format!("Authorization: Bearer {}\r\n", signer.token(user, "user"))
}

#[track_caller]
fn is_open(head: &str) {
    assert!(head.starts_with("http/1.1 101"), "{head}");
}

#[track_caller]
fn is_refused(head: &str) {
    assert!(head.starts_with("http/1.1 429"), "{head}");
    assert!(head.contains("retry-after: 10") && head.contains("application/problem+json"), "{head}");
}

#[tokio::test]
async fn one_user_or_address_can_not_open_all_sockets() {
    let (stage, _service, signer) = limited(|plan| plan).await;
    let (one, other) = (token_of(&signer, 1), token_of(&signer, 2));
    let (first, head) = open(&stage, "/ws/orders/1", &one).await;
    is_open(&head);
    let (_second, head) = open(&stage, "/ws/orders/1", &one).await;
    is_open(&head);
    let (mut refused, head) = open(&stage, "/ws/orders/1", &one).await;
    is_refused(&head);
    // The connection goes on with HTTP.
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let problem = String::from_utf8(refused.exactly(length).await).unwrap();
    assert!(problem.contains("too_many_sockets") && problem.contains("trace_id"), "{problem}");

    let (_third, head) = open(&stage, "/ws/orders/1", &other).await;
    is_open(&head);
    let (_, head) = open(&stage, "/ws/orders/1", &other).await;
    is_refused(&head);
    // A guest with a share link has no user, but an address.
    let (_, head) = open(&stage, "/small-router/abcdefghijk/ws", "").await;
    is_refused(&head);

    drop(first);
    let mut heads = vec![];
    for _ in 0..100 {
        let (_client, head) = open(&stage, "/small-router/abcdefghijk/ws", "").await;
        if head.starts_with("http/1.1 101") {
            return;
        }
        heads.push(head);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a closed socket still counts: {heads:?}");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_forwarded_address_counts() {
    let (stage, _service, _) = limited(|plan| plan.with("--trust-forwarded=true")).await;
    let from = |address: &str| format!("X-Forwarded-For: 6.6.6.6, {address}\r\n");
    let mut clients = vec![];
    for _ in 0..3 {
        let (client, head) = open(&stage, "/small-router/abcdefghijk/ws", &from("10.0.0.1")).await;
        is_open(&head);
        clients.push(client);
    }
    let (_, head) = open(&stage, "/small-router/abcdefghijk/ws", &from("10.0.0.1")).await;
    is_refused(&head);
    let (_client, head) = open(&stage, "/small-router/abcdefghijk/ws", &from("10.0.0.2")).await;
    is_open(&head);
}

#[tokio::test]
async fn without_a_trusted_proxy_a_forwarded_address_is_no_way_out() {
    let (stage, _service, _) = limited(|plan| plan).await;
    let mut clients = vec![];
    for last in 1..=3 {
        let (client, head) =
            open(&stage, "/small-router/abcdefghijk/ws", &format!("X-Forwarded-For: 10.0.0.{last}\r\n")).await;
        is_open(&head);
        clients.push(client);
    }
    let (_, head) = open(&stage, "/small-router/abcdefghijk/ws", "X-Forwarded-For: 10.0.0.4\r\n").await;
    is_refused(&head);
}

#[tokio::test]
async fn in_development_only_the_total_is_limited() {
    let service = Service::start(|_| Router::new().route("/ws/orders/{id}", any(echo_bytes))).await;
    let plan = before(service.address).limits(|limits| {
        limits.tunnels_per_user = 1;
        limits.tunnels_per_address = 1;
    });
    let stage = plan.start().await;
    let mut clients = vec![];
    for _ in 0..3 {
        let (client, head) = open(&stage, "/ws/orders/1?user_id=1", "").await;
        is_open(&head);
        clients.push(client);
    }
}
