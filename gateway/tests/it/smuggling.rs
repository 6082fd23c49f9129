//! Requests that two programs could interpret differently: the gateway's response, and what reaches a service.
//!
//! The corpus is sent as raw bytes. `Once` means that exactly one request reached the service, the one expected.

use crate::raw::Raw;
use crate::stage::echoing;
use Reaches::{Never, Once};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaches {
    Never,
    Once,
}

const PLAIN: &str = "GET /orders/x HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\n\r\n";

/// Headers that replace `Host: localhost` in [`PLAIN`].
const HEADERS: [(&str, u16, Reaches); 29] = [
    ("Host: localhost", 200, Once),
    ("Host:   localhost  ", 200, Once),
    ("X: no host", 400, Never),
    ("Host: localhost\r\nHost: localhost", 400, Never),
    ("Host: localhost\r\nHost: other", 400, Never),
    ("Host:", 400, Never),
    ("Host: a b", 400, Never),
    ("Host: user@localhost", 400, Never),
    ("Host: localhost\r\nX_User_ID: 2", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: xchunked", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: chunked, identity", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: identity, chunked", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding : chunked", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: \x0bchunked", 400, Never),
    ("Host: localhost\r\nTransfer-Encoding: \"chunked\"", 400, Never),
    ("Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2", 400, Never),
    ("Host: localhost\r\nContent-Length: +3", 400, Never),
    ("Host: localhost\r\nContent-Length: 0x3", 400, Never),
    ("Host: localhost\r\nContent-Length: 1, 1", 400, Never),
    ("Host: localhost\r\nX: a\r\n folded", 400, Never),
    ("Host: localhost\r\nX: a\rb", 400, Never),
    ("Host: localhost\r\nX: a\0b", 400, Never),
    ("Host: localhost\nX: a", 400, Never),
    ("Host: localhost\r\nX: a\nY: b", 400, Never),
    ("Host: localhost\r\nX: a\n\nGET /orders/smuggled HTTP/1.1\r\nHost: localhost", 400, Never),
    ("Host: localhost\r\nX: a\n folded", 400, Never),
    ("Host: localhost\r\nX: a\r\n\tfolded", 400, Never),
];

/// Request lines that replace that of [`PLAIN`].
const LINES: [(&str, u16, Reaches); 29] = [
    ("GET http://localhost/orders/x HTTP/1.1", 200, Once),
    ("GET http://LOCALHOST/orders/x HTTP/1.1", 200, Once),
    ("GET http://evil/orders/x HTTP/1.1", 400, Never),
    ("GET http://localhost:81/orders/x HTTP/1.1", 400, Never),
    ("GET http://user@localhost/orders/x HTTP/1.1", 400, Never),
    ("GET /orders/../payments/x HTTP/1.1", 400, Never),
    ("GET /orders/%2e%2e/payments/x HTTP/1.1", 400, Never),
    ("GET /orders/x/.. HTTP/1.1", 400, Never),
    ("GET /orders/..%2fpayments HTTP/1.1", 400, Never),
    ("GET /orders/a%5cb HTTP/1.1", 400, Never),
    ("GET /orders/a\\b HTTP/1.1", 400, Never),
    ("GET /orders/a%00 HTTP/1.1", 400, Never),
    ("GET /orders/a%0d%0aX:1 HTTP/1.1", 400, Never),
    ("GET /orders//metrics HTTP/1.1", 400, Never),
    ("GET //orders/x HTTP/1.1", 400, Never),
    ("GET /orders/%zz HTTP/1.1", 400, Never),
    ("GET orders/x HTTP/1.1", 400, Never),
    ("OPTIONS * HTTP/1.1", 400, Never),
    ("TRACE /orders/x HTTP/1.1", 405, Never),
    ("DEBUG /orders/x HTTP/1.1", 405, Never),
    ("get /orders/x HTTP/1.1", 405, Never),
    ("CONNECT localhost:1 HTTP/1.1", 405, Never),
    ("GET /orders/x HTTP/1.1 x", 400, Never),
    ("GET /orders/x HTTP/0.9", 400, Never),
    ("GET /orders/x HTTP/1.1\nX: a", 400, Never),
    ("\nGET /orders/x HTTP/1.1", 400, Never),
    ("GET /orders/x HTTP/1.1\rX: a", 400, Never),
    ("GET /orders/\0x HTTP/1.1", 400, Never),
    ("\r\nGET /orders/x HTTP/1.1", 200, Once),
];

#[tokio::test]
async fn ambiguous_requests_do_not_reach_a_service() {
    let (stage, service) = echoing().await;
    let by_header =
        HEADERS.map(|(header, status, reaches)| (PLAIN.replace("Host: localhost", header), status, reaches));
    let by_line = LINES.map(|(line, status, reaches)| (PLAIN.replace("GET /orders/x HTTP/1.1", line), status, reaches));
    for (request, status, reaches) in by_header.into_iter().chain(by_line) {
        let before = service.received.heads().len();
        let mut client = Raw::sending(stage.api, &request).await;
        assert_eq!(client.status().await, status, "{request:?}");
        let after = service.received.heads().len();
        assert_eq!(after - before, usize::from(reaches == Once), "{request:?}");
        if reaches == Never {
            assert_eq!(client.rest().await, b"", "{request:?} leaves the connection open");
        }
    }
}

#[tokio::test]
async fn a_bare_line_feed_is_refused_however_the_head_arrives_and_after_other_requests() {
    let (stage, service) = echoing().await;
    let head = PLAIN.replace("\r\nX-User-ID", "\nX-User-ID");
    let at = head.find("\nX-User-ID").unwrap();
    for cut in [at - 1, at, at + 1, head.len() - 1] {
        let mut client = Raw::sending(stage.api, PLAIN).await;
        assert_eq!(client.status().await, 200);
        client.send(&head[..cut]).await;
        tokio::task::yield_now().await;
        client.send(&head[cut..]).await;
        let document = String::from_utf8(client.rest().await).unwrap();
        assert!(document.contains("HTTP/1.1 400 ") && document.contains("bad_request"), "{cut}: {document}");
    }
    let mut client = Raw::sending(stage.api, format!("{PLAIN}{head}{PLAIN}")).await;
    assert_eq!(client.status().await, 200);
    let document = String::from_utf8(client.rest().await).unwrap();
    assert!(document.contains("HTTP/1.1 400 "), "{document}");
    assert_eq!(service.received.heads().len(), 5);
}

#[tokio::test]
async fn a_request_with_two_lengths_reaches_no_service() {
    for headers in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
    {
        let (stage, service) = echoing().await;
        // Also as the second request of a connection: a valid first one makes no difference.
        let request = format!(
            "POST /orders/x HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\n{headers}\r\n\r\n\
             0\r\n\r\nGET /orders/smuggled HTTP/1.1\r\nHost: localhost\r\nX-User-ID: 1\r\n\r\n"
        );
        let mut client = Raw::sending(stage.api, request.clone()).await;
        assert_eq!(client.rest().await, b"");
        assert_eq!(service.received.heads().len(), 0);

        let mut client = Raw::sending(stage.api, PLAIN).await;
        assert_eq!(client.status().await, 200);
        client.send(request).await;
        client.rest().await;
        assert_eq!(service.received.only().line, "GET /x");
    }
}

#[tokio::test]
async fn a_body_with_get_is_not_a_second_request() {
    let (stage, service) = echoing().await;
    let inner = "GET /orders/smuggled HTTP/1.1\r\n\r\n";
    let framed = format!("{:x}\r\n{inner}\r\n0\r\n\r\n", inner.len());
    let sized = format!("Content-Length: {}\r\n\r\n{inner}", inner.len());
    for rest in [format!("Transfer-Encoding: chunked\r\n\r\n{framed}"), sized] {
        let request = PLAIN.replace("\r\n\r\n", "\r\n") + &rest;
        let mut client = Raw::sending(stage.api, request).await;
        assert_eq!(client.status().await, 200);
    }
    assert_eq!(service.received.bodies(), [inner, inner]);
    assert!(service.received.heads().iter().all(|head| head.line == "GET /x"));
}

#[tokio::test]
async fn too_large_heads_are_rejected() {
    let (stage, service) = echoing().await;
    let many = "X: 1\r\n".repeat(200);
    let long = format!("X: {}\r\n", "x".repeat(128 * 1024));
    for headers in [many, long] {
        let request = PLAIN.replace("X-User-ID: 1\r\n", &headers);
        assert_eq!(Raw::sending(stage.api, request).await.status().await, 431);
    }
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn an_http_1_0_client_gets_a_complete_response() {
    let (stage, service) = echoing().await;
    let mut client = Raw::sending(stage.api, PLAIN.replace("HTTP/1.1", "HTTP/1.0")).await;
    assert_eq!(client.status().await, 200);
    assert_eq!(client.rest().await, b"");
    let with_coding = PLAIN.replace("HTTP/1.1\r\n", "HTTP/1.0\r\nTransfer-Encoding: chunked\r\n");
    assert_eq!(Raw::sending(stage.api, with_coding).await.status().await, 400);
    assert_eq!(service.received.heads().len(), 1);
}

#[tokio::test]
async fn a_head_that_is_no_http_is_answered_with_a_problem_document() {
    let (stage, service) = echoing().await;
    let long = format!("GET /orders/x HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    for (request, status, code) in [("nonsense\r\n\r\n", 400, "bad_request"), (long.as_str(), 431, "head_too_large")] {
        let mut client = Raw::sending(stage.api, request).await;
        let head = client.head().await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        assert!(head.contains("content-type: application/problem+json"), "{head}");
        assert!(head.contains("x-request-id: "), "{head}");
        let document = String::from_utf8(client.rest().await).unwrap();
        assert!(document.contains(code) && document.contains("trace_id"), "{document}");
    }
    assert!(service.received.heads().is_empty());
}
