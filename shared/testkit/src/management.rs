//! Calls to RabbitMQ's management API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longest wait for a response.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The administrator of the test broker.
const ADMINISTRATOR: &str = "guest:guest";

/// Sends a request as the administrator and returns the status and the body.
///
/// # Panics
/// When the broker can't be reached.
pub(crate) fn call(base_url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    call_as(ADMINISTRATOR, base_url, method, path, body)
}

/// Sends a request as a user, `name:password`, and returns the status and the body.
///
/// # Panics
/// When the broker can't be reached.
pub(crate) fn call_as(user: &str, base_url: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let authority = base_url.trim_start_matches("http://").trim_end_matches('/');
    let address = authority.rsplit('@').next().unwrap_or(authority);
    let credentials = STANDARD.encode(user);
    let mut stream = TcpStream::connect(address).expect("connect to RabbitMQ's management API");
    stream.set_read_timeout(Some(TIMEOUT)).expect("set a timeout");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .expect("send a request to RabbitMQ's management API");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read RabbitMQ's response");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}
