//! Rejects requests that two programs could interpret differently, before anything acts on them.
//!
//! hyper has already rejected invalid HTTP, and `chassis::framing` has closed connections with both `Content-Length`
//! and `Transfer-Encoding`. `tests/it/smuggling.rs` checks what remains.

use crate::edge::path;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chassis::problem::Problem;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

/// The methods that are forwarded. TRACE would show the client the headers that the gateway adds, CONNECT is for
/// forward proxies, and for unknown methods it is not clear whether they change data.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// Why a request is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Method,
    Path(path::Refusal),
    Host,
    OtherAuthority,
    TransferEncoding,
    HeaderName,
}

/// Rejects ambiguous requests; the response closes the connection.
pub(super) fn refuse_ambiguity(request: &Request) -> Result<(), Refusal> {
    judge(request.method(), request.uri(), request.headers())
}

fn judge(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    if !METHODS.contains(method) {
        return Err(Refusal::Method);
    }
    path::judge(uri.path()).map_err(Refusal::Path)?;
    let host = only_host(headers).ok_or(Refusal::Host)?;
    let is_same = |authority: &Authority| authority.as_str().eq_ignore_ascii_case(host.as_str());
    if !uri.authority().is_none_or(is_same) {
        return Err(Refusal::OtherAuthority);
    }
    if !is_plainly_framed(headers) {
        return Err(Refusal::TransferEncoding);
    }
    // CGI-like servers map `X_User_ID` and `X-User-ID` to the same variable. Source: Envoy, "Configuring Envoy as an
    // edge proxy".
    if headers.keys().any(|name| name.as_str().contains('_')) {
        return Err(Refusal::HeaderName);
    }
    Ok(())
}

fn only_host(headers: &HeaderMap) -> Option<Authority> {
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
fn is_plainly_framed(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail);
        let problem = match self {
            Self::Method => Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "the gateway does not support this method",
            )
            .with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")),
            Self::Path(refusal) => bad(refusal.detail()),
            Self::Host => bad("exactly one Host header with a valid host is required"),
            Self::OtherAuthority => bad("the request target and the Host header name different hosts"),
            Self::TransferEncoding => bad("the only supported Transfer-Encoding is a single chunked"),
            Self::HeaderName => bad("header names must not contain underscores"),
        };
        problem.with_header(header::CONNECTION, HeaderValue::from_static("close")).into_response()
    }
}
