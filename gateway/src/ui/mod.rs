//! The web UI: files embedded in the program.

mod assets;
mod encoding;
mod titled;

use crate::edge::security_headers::set_application_policy;
use crate::ui::assets::{ASSETS, Asset};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use http_api::problem::no_such_page;

/// The application's page, which routes by the URL itself.
const INDEX: &str = "/index.html";
/// Files whose names change with their content.
const HASHED: &str = "/assets/";
/// Programs get JSON from the same address, except those that show previews.
const BY_CLIENT: HeaderValue = HeaderValue::from_static("Accept, User-Agent");
const NOT_BUILT: &str = "The web UI was not built into this program.\n\
    Build it with `npm ci && npm run build` in frontend/, then build the gateway again.\n\
    The API works: see /docs.\n";

/// Responds with the application, at any path. The application will get the same status from the API.
pub(crate) fn application(status: StatusCode, request_headers: &HeaderMap) -> Response {
    let mut request_headers = request_headers.clone();
    if status != StatusCode::OK {
        // The browser's cached copy had another status.
        request_headers.remove(header::IF_NONE_MATCH);
    }
    let mut response = find(INDEX).map_or_else(not_built, |asset| answer(asset, &request_headers));
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response.headers_mut().append(header::VARY, BY_CLIENT);
    set_application_policy(response.headers_mut());
    response
}

/// Responds with the application, with the title of a bill for previews. The title is in the page only, in no header.
pub(crate) fn titled_application(title: &str, request_headers: &HeaderMap) -> Response {
    let Some(page) = find(INDEX).and_then(|index| titled::titled(index.bytes, title)) else {
        return application(StatusCode::OK, request_headers);
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, BY_CLIENT),
    ];
    let mut response = (headers, page).into_response();
    set_application_policy(response.headers_mut());
    response
}

/// Responds with the file at the path, or with the application if the path names no file.
pub(crate) async fn page(uri: Uri, request_headers: HeaderMap) -> Response {
    let mut response = match find(uri.path()) {
        Some(asset) => answer(asset, &request_headers),
        None if names_file(uri.path()) => no_such_page().into_response(),
        None => not_built(),
    };
    set_application_policy(response.headers_mut());
    response
}

fn find(path: &str) -> Option<&'static Asset> {
    let path = if path == "/" || !names_file(path) { INDEX } else { path };
    ASSETS.iter().find(|asset| asset.path == path)
}

/// File names contain a dot, page paths don't.
fn names_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

fn answer(asset: &'static Asset, request_headers: &HeaderMap) -> Response {
    let gzip = asset.gzip.filter(|_| encoding::accepts_gzip(request_headers));
    let etag = encoding::etag(asset, gzip.is_some());
    let is_known = encoding::has_version(request_headers, asset);
    let body = if is_known { Body::empty() } else { Body::from(gzip.unwrap_or(asset.bytes)) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, caching(asset));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    if gzip.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn caching(asset: &Asset) -> HeaderValue {
    HeaderValue::from_static(if asset.path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    })
}

fn not_built() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], NOT_BUILT).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_dots_and_pages_have_none() {
        assert!(names_file("/assets/index-abc.js"));
        assert!(names_file("/favicon.ico"));
        assert!(!names_file("/"));
        assert!(!names_file("/orders/new"));
        assert!(!names_file("/v1.2/orders"));
    }
}
