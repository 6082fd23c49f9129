//! Security headers of every response.
//!
//! Source: OWASP Application Security Verification Standard 5.0, V3.4 (headers) and V14.3 (caching).

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The application: scripts, styles and connections of this origin only; images may also be local files that the user
/// selected (`blob:`).
const APPLICATION: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'self'; object-src 'none'",
);
/// Every other page, such as Swagger UI, which sets styles by attributes.
const OTHER_PAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'",
);
/// Everything else: data, pictures and errors, which a browser only shows when their address is opened as a page.
const NO_PAGE: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'; sandbox",
);
/// Browsers use HTTPS only, for a year, also for subdomains.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

const OF_PAGES: [(HeaderName, HeaderValue); 2] = [
    // For browsers without support for `frame-ancestors`.
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Sets the policy of the application's own page.
pub(crate) fn set_application_policy(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, APPLICATION);
}

/// Adds the headers that are missing. `https_only`: people use the gateway by HTTPS.
pub(super) fn add(response: &mut Response, https_only: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Responses contain personal data or tokens, unless their service says otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // A 401 names a way to authenticate. Source: RFC 9110, 15.5.2.
    if status == StatusCode::UNAUTHORIZED {
        headers.entry(header::WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
    }
    if https_only {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    if is_page(headers) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(OTHER_PAGES);
        for (name, value) in OF_PAGES {
            headers.insert(name, value);
        }
    } else {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NO_PAGE);
    }
}

/// Whether a browser would run what the response contains.
fn is_page(headers: &HeaderMap) -> bool {
    let types = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml"];
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|content_type| {
        types.iter().any(|page| content_type.get(..page.len()).is_some_and(|c| c.eq_ignore_ascii_case(page.as_bytes())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    fn headers(response: impl IntoResponse, https_only: bool) -> HeaderMap {
        let mut response = response.into_response();
        add(&mut response, https_only);
        response.headers().clone()
    }

    #[test]
    fn what_a_browser_runs_has_a_policy() {
        for content_type in ["text/html", "Text/HTML; charset=utf-8", "image/svg+xml", "application/xml"] {
            let headers = headers([(header::CONTENT_TYPE, content_type)], false);
            assert_eq!(headers["content-security-policy"], OTHER_PAGES, "{content_type}");
            assert_eq!(headers["x-frame-options"], "DENY");
        }
    }

    #[test]
    fn what_is_no_page_can_run_nothing_when_it_is_opened_as_one() {
        for content_type in ["application/json", "image/jpeg", "text/plain; charset=utf-8"] {
            let headers = headers([(header::CONTENT_TYPE, content_type)], false);
            assert_eq!(headers["content-security-policy"], NO_PAGE, "{content_type}");
            assert!(!headers.contains_key("x-frame-options"), "{content_type}");
        }
    }

    #[test]
    fn nothing_is_cached_unless_its_service_says_so() {
        assert_eq!(headers("", false)["cache-control"], "no-store");
        let headers = headers([(header::CACHE_CONTROL, "public, max-age=60")], false);
        assert_eq!(headers["cache-control"], "public, max-age=60");
    }

    #[test]
    fn every_401_names_a_way_to_authenticate() {
        assert_eq!(headers(StatusCode::UNAUTHORIZED, false)["www-authenticate"], "Bearer");
        assert!(!headers(StatusCode::FORBIDDEN, false).contains_key("www-authenticate"));
    }

    #[test]
    fn https_is_required_where_people_use_it() {
        assert!(!headers("", false).contains_key("strict-transport-security"));
        assert_eq!(headers("", true)["strict-transport-security"], HTTPS_ONLY);
    }
}
