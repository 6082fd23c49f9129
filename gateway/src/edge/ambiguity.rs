//! Rejects requests that two programs could interpret differently, before anything acts on them.
//!
//! hyper has already rejected invalid HTTP, and `http_server::framing` has closed connections with both `Content-Length`
//! and `Transfer-Encoding`. `tests/it/smuggling.rs` checks what remains.

use crate::edge::path;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_api::problem::Problem;

/// The methods that are forwarded. TRACE would show the client the headers that the gateway adds, CONNECT is for
/// forward proxies, and for unknown methods it is not clear whether they change data.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// Why a request is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    Method,
    Path(path::PathError),
    Host,
    AuthorityMismatch,
    TransferEncoding,
    HeaderName,
}

/// Rejects ambiguous requests; the response closes the connection.
pub(super) fn reject_ambiguous(request: &Request) -> Result<(), Rejection> {
    check(request.method(), request.uri(), request.headers())
}

fn check(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Rejection> {
    if !METHODS.contains(method) {
        return Err(Rejection::Method);
    }
    path::check(uri.path()).map_err(Rejection::Path)?;
    let host = single_host(headers).ok_or(Rejection::Host)?;
    let is_same = |authority: &Authority| authority.as_str().eq_ignore_ascii_case(host.as_str());
    if !uri.authority().is_none_or(is_same) {
        return Err(Rejection::AuthorityMismatch);
    }
    if !has_valid_transfer_encoding(headers) {
        return Err(Rejection::TransferEncoding);
    }
    // CGI-like servers map `X_User_ID` and `X-User-ID` to the same variable. Source: Envoy, "Configuring Envoy as an
    // edge proxy".
    if headers.keys().any(|name| name.as_str().contains('_')) {
        return Err(Rejection::HeaderName);
    }
    Ok(())
}

fn single_host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return None;
    };
    let host = host.to_str().ok()?;
    if host.contains('@') {
        return None;
    }
    host.parse().ok()
}

/// No `Transfer-Encoding`, or exactly one with the value `chunked`.
fn has_valid_transfer_encoding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let bad_request = |detail| Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail);
        let problem = match self {
            Self::Method => Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "the gateway does not support this method",
            )
            .with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")),
            Self::Path(error) => bad_request(error.detail()),
            Self::Host => bad_request("exactly one Host header with a valid host is required"),
            Self::AuthorityMismatch => bad_request("the request target and the Host header name different hosts"),
            Self::TransferEncoding => bad_request("the only supported Transfer-Encoding is a single chunked"),
            Self::HeaderName => bad_request("header names must not contain underscores"),
        };
        problem.with_header(header::CONNECTION, HeaderValue::from_static("close")).into_response()
    }
}
