//! A very large body is rejected, and the client receives the response although it is still sending.

use crate::stage::Stage;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Ten megabytes of JSON.
const BYTES: usize = 10 * 1024 * 1024;
/// Size of a single write.
const PIECE_BYTES: usize = 16 * 1024;
/// Time limit for the response.
const LIMIT: Duration = Duration::from_secs(20);

/// How the length of the body is encoded.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
}

#[tokio::test]
async fn ten_megabytes_of_json_are_413_to_a_client_that_listens_only_when_it_has_sent_all() {
    let stage = Stage::new().await;
    for path in ["/orders/orders", "/payments/account/topup"] {
        for framing in [Framing::Length, Framing::Chunked] {
            let mut stream = open(&stage, path, framing).await;
            send_body(&mut stream, framing).await.unwrap_or_else(|failure| panic!("{path} {framing:?}: {failure}"));
            let answer = read_answer(&mut stream).await;
            expect_too_large(&answer, &format!("{path} {framing:?}"));
        }
    }
    assert_eq!((stage.count("orders.orders").await, stage.count("payments.ledger").await), (0, 0));
}

#[tokio::test]
async fn ten_megabytes_of_json_are_413_to_a_client_that_listens_while_it_sends() {
    let stage = Stage::new().await;
    for framing in [Framing::Length, Framing::Chunked] {
        let (mut reader, mut writer) = open(&stage, "/orders/orders", framing).await.into_split();
        // The server may close the connection early: then writing fails, but the response must still be readable.
        let (_, answer) = tokio::join!(send_body(&mut writer, framing), read_answer(&mut reader));
        expect_too_large(&answer, &format!("{framing:?}"));
    }
    assert_eq!(stage.count("orders.orders").await, 0);
}

#[tokio::test]
async fn the_next_client_is_served_after_a_large_body() {
    let stage = Stage::new().await;
    let large = format!(r#"{{"amount": 1, "description": "{}"}}"#, "x".repeat(BYTES));
    let client = stage.user(1);
    let answer = client.post("/orders/orders", &large).await;
    crate::problem::expect(&answer, 413, "payload_too_large", None, "10 MB by an ordinary client");
    assert_eq!(client.post("/orders/orders", r#"{"amount": 1}"#).await.status, 201);
}

async fn open(stage: &Stage, path: &str, framing: Framing) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", stage.gateway.port())).await.unwrap();
    let framing = match framing {
        Framing::Length => format!("Content-Length: {BYTES}"),
        Framing::Chunked => "Transfer-Encoding: chunked".to_owned(),
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User-ID: 1\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn send_body(stream: &mut (impl AsyncWriteExt + Unpin), framing: Framing) -> std::io::Result<()> {
    let start = r#"{"amount": 1, "description": ""#;
    let mut body = vec![b'x'; BYTES];
    body[..start.len()].copy_from_slice(start.as_bytes());
    body[BYTES - 2..].copy_from_slice(b"\"}");
    for piece in body.chunks(PIECE_BYTES) {
        match framing {
            Framing::Length => stream.write_all(piece).await?,
            Framing::Chunked => {
                stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
                stream.write_all(piece).await?;
                stream.write_all(b"\r\n").await?;
            }
        }
    }
    match framing {
        Framing::Length => Ok(()),
        Framing::Chunked => stream.write_all(b"0\r\n\r\n").await,
    }
}

/// Reads a response by its `Content-Length`: a reset after it does not matter, a reset before it fails the test.
async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&answer) {
        let read = tokio::time::timeout(LIMIT, stream.read(&mut piece)).await.expect("an answer in time");
        let length = read.unwrap_or_else(|failure| panic!("{failure} after {}", String::from_utf8_lossy(&answer)));
        assert_ne!(length, 0, "the connection ended after {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..length]);
    }
    String::from_utf8(answer).unwrap()
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    body.len() >= length.parse().expect("a number")
}

fn expect_too_large(answer: &str, about: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 413 "), "{about}: {answer}");
    assert!(head.contains("application/problem+json"), "{about}: {answer}");
    let problem: Value = serde_json::from_str(body).unwrap();
    assert_eq!(problem["code"], "payload_too_large", "{about}: {answer}");
    assert!(problem["trace_id"].is_string(), "{about}: {answer}");
}
