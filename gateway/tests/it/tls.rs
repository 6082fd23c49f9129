//! The gateway with a certificate, and in front of services with one.

use crate::raw::Raw;
use crate::service::Service;
use crate::sockets::{echoing_sockets, handshake};
use crate::stage::{Plan, before};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use testkit::{Authority, Certificate, Protocol, TlsFront, eventually};
use tls::{ClientTls, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GET: &str = "GET /orders/x HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\nConnection: close\r\n\r\n";

fn with_certificate(plan: Plan, certificate: &Certificate) -> Plan {
    plan.with(&format!("--tls-certificate-file={}", certificate.certificate.display()))
        .with(&format!("--tls-key-file={}", certificate.key.display()))
}

async fn connect(address: SocketAddr, authority: &Authority) -> std::io::Result<Stream> {
    let client = ClientTls::trusting(Some(Path::new(&authority.file()))).unwrap();
    client.connect("localhost", TcpStream::connect(address).await?).await
}

/// The response to a request over TLS.
async fn get(address: SocketAddr, authority: &Authority) -> String {
    let mut stream = connect(address, authority).await.unwrap();
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn with_a_certificate_requests_need_tls_and_a_renewed_one_is_used_without_a_restart() {
    let (authority, next) = (Authority::new(), Authority::new());
    let service = Service::echo().await;
    let files = authority.certificate("gateway");
    let stage = with_certificate(before(service.address), &files).start().await;
    for address in [stage.api, stage.ui, stage.links] {
        let answer = get(address, &authority).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let mut plain = Raw::sending(address, GET).await;
        let received = plain.rest().await;
        assert!(!received.starts_with(b"HTTP"), "plain text is refused");
        assert!(connect(address, &next).await.is_err(), "another authority is not trusted");
    }
    let renewed = next.certificate("gateway");
    std::fs::copy(&renewed.certificate, &files.certificate).unwrap();
    // Until both files fit together, the old certificate stays.
    assert!(connect(stage.api, &authority).await.is_ok());
    std::fs::copy(&renewed.key, &files.key).unwrap();
    eventually(true, async || connect(stage.api, &next).await.is_ok()).await;
}

#[tokio::test]
async fn a_stalled_handshake_takes_a_connection_until_it_has_taken_too_long() {
    let authority = Authority::new();
    let service = Service::echo().await;
    let plan = with_certificate(before(service.address), &authority.certificate("gateway"));
    let stage = plan.limits(|limits| limits.connections = 3).start().await;
    let mut stalled = TcpStream::connect(stage.api).await.unwrap();
    // Each of the three listeners holds one for the next connection, so the API has one for this. The start of a record of
    // which no more arrives:
    stalled.write_all(&[22, 3, 1, 2]).await.unwrap();
    let mut waiting = Box::pin(get(stage.api, &authority));
    let early = tokio::time::timeout(Duration::from_secs(2), &mut waiting).await;
    assert!(early.is_err(), "a handshake counts as a connection");
    let answer = tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the place becomes free");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let mut rest = vec![];
    let _ = stalled.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn a_request_with_two_lengths_is_refused_over_tls_too() {
    let authority = Authority::new();
    let service = Service::echo().await;
    let stage = with_certificate(before(service.address), &authority.certificate("gateway")).start().await;
    let mut stream = connect(stage.api, &authority).await.unwrap();
    let request = "POST /orders/x HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\nContent-Length: 3\r\n\
                   Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty() && service.received.heads().is_empty());
}

#[tokio::test]
async fn services_are_reached_with_tls_only_if_their_certificate_is_right() {
    let (authority, other) = (Authority::new(), Authority::new());
    let service = Service::echo().await;
    let right = authority.certificate("orders");
    for (certificate, trusted, status) in [
        (&right, &authority, "200"),
        (&right, &other, "503"),
        (&authority.expired(), &authority, "503"),
        (&authority.of_another_host(), &authority, "503"),
    ] {
        let front = TlsFront::start(certificate, service.address, Protocol::Plain).await;
        let stage = before(service.address)
            .with(&format!("--orders-url=https://{}", front.address))
            .with(&format!("--tls-ca-file={}", trusted.file()))
            .start()
            .await;
        let mut client = Raw::sending(stage.api, GET).await;
        let answer = String::from_utf8(client.rest().await).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{certificate:?}: {answer}");
    }
    let stage = before(service.address).with(&format!("--orders-url=https://{}", service.address)).start().await;
    let mut client = Raw::sending(stage.api, GET).await;
    let answer = String::from_utf8(client.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "a service that speaks plain text is refused: {answer}");
}

#[tokio::test]
async fn a_tunnel_carries_all_bytes_with_tls_on_both_sides() {
    let authority = Authority::new();
    let service = echoing_sockets().await;
    let front = TlsFront::start(&authority.certificate("orders"), service.address, Protocol::Plain).await;
    let plan = with_certificate(before(service.address), &authority.certificate("gateway"));
    let stage = plan
        .with(&format!("--orders-url=https://{}", front.address))
        .with(&format!("--tls-ca-file={}", authority.file()))
        .start()
        .await;
    let mut stream = connect(stage.api, &authority).await.unwrap();
    let request = format!("{}X-User-ID: 1\r\n\r\n", handshake("/ws/orders/1"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    let sent: Vec<u8> = (0..8_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let (mut reading, mut writing) = tokio::io::split(stream);
    let sending = tokio::spawn({
        let sent = sent.clone();
        async move {
            writing.write_all(&sent).await.unwrap();
            writing.shutdown().await.unwrap();
        }
    });
    let mut received = vec![0; sent.len()];
    reading.read_exact(&mut received).await.unwrap();
    assert!(received == sent, "the bytes differ");
    sending.await.unwrap();
}

#[tokio::test]
async fn without_a_certificate_it_listens_beyond_loopback_only_behind_a_named_proxy() {
    let service = Service::echo().await;
    let public = || before(service.address).with("--auth-mode=jwt").with_keys().with("--api-addr=0.0.0.0:0");
    let refused = public().try_start().await.err().map(|failure| failure.to_string()).unwrap_or_default();
    assert!(refused.starts_with("API_ADDR must be a loopback address"), "{refused}");
    assert!(public().with("--plaintext-behind=nginx").try_start().await.is_ok());
    let authority = Authority::new();
    assert!(with_certificate(public(), &authority.certificate("gateway")).try_start().await.is_ok());
    let to = |more: &str| before(service.address).with("--users-url=http://users-service:9").with(more).try_start();
    let refused = to("--trust-forwarded=false").await.err().map(|failure| failure.to_string()).unwrap_or_default();
    assert!(refused.starts_with("USERS_URL must begin with https://"), "{refused}");
    assert!(to("--plaintext-to=redis,users-service").await.is_ok());
}
