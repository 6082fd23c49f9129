//! Cross-origin calls: an exact list of origins; the gateway answers preflights; no credentials.
//!
//! A page that is not on the list gets no CORS headers, so its browser does not let it read the response.

use crate::gateway::Gateway;
use crate::origins::OriginCheck;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Content-Type, X-User-ID, X-Participant-Token, Idempotency-Key, Authorization, traceparent",
);
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("Link, Location, X-Request-ID, Idempotency-Replayed, Retry-After");
/// Browsers repeat the preflight after this many seconds. Chromium caps it at two hours.
const MAX_AGE_SECS: HeaderValue = HeaderValue::from_static("600");

/// CORS headers of services are removed: only the gateway decides.
static CORS_HEADERS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// The CORS decision for a request.
pub(super) struct Cors {
    origin: OriginCheck,
    is_preflight: bool,
}

impl Cors {
    /// Checks the request's `Origin`.
    pub(super) fn check(gateway: &Gateway, request: &Request) -> Self {
        let origin = gateway.config.allowed_origins.check(request.headers());
        Self { origin, is_preflight: is_preflight(request.method(), request.headers()) }
    }

    /// The response to a preflight, if the request is one.
    pub(super) fn preflight(&self) -> Option<Response> {
        self.is_preflight.then(|| preflight(&self.origin))
    }

    /// Sets the CORS headers of a response.
    pub(super) fn set_headers(self, response: &mut Response) {
        let headers = response.headers_mut();
        // Services normally send none of these; one pass over the names is cheaper than a lookup for each.
        if headers.keys().any(|name| CORS_HEADERS.contains(name)) {
            for name in &CORS_HEADERS {
                headers.remove(name);
            }
        }
        // Also without an Origin: a cache must not serve this response to a page that has one.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let OriginCheck::Allowed(origin) = self.origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(check: &OriginCheck) -> Response {
    let vary = HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
    let mut response = (StatusCode::NO_CONTENT, [(header::VARY, vary)]).into_response();
    if let OriginCheck::Allowed(origin) = check {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECS);
    }
    response
}
