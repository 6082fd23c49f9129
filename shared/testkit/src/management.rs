//! Calls to RabbitMQ's management API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longest wait for a response.
const TIMEOUT_SECONDS: u64 = 20;

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
    let response = minreq::Request::new(minreq::Method::Custom(method.to_owned()), format!("http://{address}{path}"))
        .with_header("Authorization", format!("Basic {}", STANDARD.encode(user)))
        .with_header("Content-Type", "application/json")
        .with_body(body)
        .with_timeout(TIMEOUT_SECONDS)
        .send()
        .expect("reach RabbitMQ's management API");
    (response.status_code, String::from_utf8_lossy(response.as_bytes()).into_owned())
}
