//! Live sockets of clients that send too much, or do not read.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http_api::problem::Problem;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use live_sockets::{Close, Feed, Hub, Limits, Queueing, Update, Upgrade, Utf8Bytes};
use std::time::Duration;
use testkit::{Ended, RawSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

/// A large bill.
const SNAPSHOT_BYTES: usize = 4 * 1024 * 1024;

struct Watched;

impl Feed for Watched {
    type Key = u32;
    type Item = ();

    fn key(&self) -> &u32 {
        &1
    }

    async fn snapshot(&self) -> Result<Vec<Update<()>>, Close> {
        // As a service does: each socket reads it.
        Ok(vec![Update { item: (), version: 1, text: "x".repeat(SNAPSHOT_BYTES).into(), context: None }])
    }
}

async fn open(State(hub): State<Hub<u32, ()>>, upgrade: Upgrade) -> Result<Response, Problem> {
    hub.open(upgrade, Watched, CancellationToken::new())
}

/// A server with one hub; returns its port.
async fn serve() -> (u16, Hub<u32, ()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hub = Hub::new(metrics::Gauge::noop(), Limits { queueing: Queueing::Newest, ..Limits::default() });
    let router = Router::new().route("/", get(open)).with_state(hub.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(router.clone());
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
        }
    });
    (port, hub)
}

async fn raw(port: u16) -> RawSocket {
    RawSocket::open(port, "/", &[]).await.unwrap()
}

#[tokio::test]
async fn a_client_that_sends_too_many_frames_is_closed_with_1008() {
    let (port, _hub) = serve().await;
    for first in [0x8a, 0x89, 0x81] {
        let mut socket = raw(port).await;
        for _ in 0..1000 {
            socket.send(first, b"x").await;
        }
        assert_eq!(socket.ended().await, Ended::Closed(Some(1008)), "{first:#x}");
    }
}

#[tokio::test]
async fn a_client_that_sends_too_many_bytes_is_closed_with_1008() {
    let (port, _hub) = serve().await;
    let mut socket = raw(port).await;
    for _ in 0..20 {
        socket.send(0x82, &[0; 10_000]).await;
    }
    assert_eq!(socket.ended().await, Ended::Closed(Some(1008)));
}

#[tokio::test]
async fn parts_of_a_message_that_never_ends_are_counted() {
    let (port, _hub) = serve().await;
    let mut socket = raw(port).await;
    socket.send(0x01, b"").await;
    for _ in 0..50_000 {
        socket.send(0x00, b"").await;
    }
    assert_eq!(socket.ended().await, Ended::Closed(Some(1008)));
}

#[tokio::test]
async fn a_client_that_answers_pings_and_sends_some_of_its_own_stays() {
    let (port, hub) = serve().await;
    let mut socket = raw(port).await;
    for _ in 0..150 {
        socket.send(0x89, b"still there?").await;
    }
    socket.send(0x88, &[0x03, 0xe8]).await;
    assert_eq!(socket.ended().await, Ended::Closed(Some(1000)));
    drop(hub);
}

/// A client that reads nothing, and whose kernel takes little for it.
async fn slow_reader(port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let handshake = "GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(handshake.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 12]).await.unwrap();
    stream
}

/// Memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test]
async fn clients_that_do_not_read_wait_with_one_copy_of_the_state() {
    const READERS: usize = 60;
    let (port, hub) = serve().await;
    let before = resident();
    let mut readers = vec![];
    for _ in 0..READERS {
        readers.push(slow_reader(port).await);
    }
    // Updates that no client reads replace each other.
    for version in 2..10 {
        let text = Utf8Bytes::from("y".repeat(SNAPSHOT_BYTES));
        hub.push(&1, version, || Some(Update { item: (), version, text, context: None }));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < READERS * SNAPSHOT_BYTES / 4, "{} MB for {READERS} readers", grown / 1_000_000);
}
