//! Share links: `/small-router/{hash}` is a page for browsers and JSON for programs.

use crate::forward::exchange::{send, without_body};
use crate::forward::target::Target;
use crate::gateway::Gateway;
use crate::preview::{Looked, is_crawler, look};
use crate::ui;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode, header};
use identity::Origin;
use std::time::Duration;

/// The page must not wait long: it shows errors itself. The service waits up to two seconds for a cheque that is still
/// being processed.
const STATUS_WITHIN: Duration = Duration::from_secs(4);

/// Whether the link is opened as a page: browsers list `text/html` in `Accept`, programs don't. Programs that show a
/// preview of a link want the page too.
pub(crate) fn is_opened_as_page(target: Target, request: &Request) -> bool {
    let accepts_html = request
        .headers()
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/html")));
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    is_read && (accepts_html || is_crawler(request.headers())) && is_cheque_path(target.strip(request.uri().path()))
}

/// The page for a link, with the title of its cheque for previews, or with its status: clients that only check the
/// status see 404 and 410.
pub(crate) async fn page(gateway: &Gateway, target: Target, request: Request) -> Response {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let link = target.strip(&path);
    match look(gateway, target, link).await {
        Looked::Known(title) => ui::titled_application(&title, &headers),
        Looked::Gone => ui::application(StatusCode::GONE, &headers),
        // The page shows failures itself and retries.
        Looked::Unavailable => ui::application(StatusCode::OK, &headers),
        Looked::Unknown => {
            let response = tokio::time::timeout(STATUS_WITHIN, status_of(gateway, target, link)).await;
            let status = match response.ok().flatten() {
                Some(status @ (StatusCode::NOT_FOUND | StatusCode::GONE)) => status,
                Some(_) | None => StatusCode::OK,
            };
            ui::application(status, &headers)
        }
    }
}

/// Redirects a browser from the API listener to the listener for share links.
pub(crate) fn redirect(gateway: &Gateway, request: &Request) -> Response {
    let path_and_query = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    Redirect::to(&format!("{}{path_and_query}", gateway.config.share_base_url)).into_response()
}

async fn status_of(gateway: &Gateway, target: Target, path: &str) -> Option<StatusCode> {
    let upstream = gateway.upstream(target.service);
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, upstream.base.host());
    let uri = path.parse().ok()?;
    upstream.add_gateway_token(&mut headers, (&Method::GET, &uri), Origin::default());
    let (request, rebuild) = without_body(Method::GET, uri, headers);
    send(upstream, request, rebuild, gateway.limits.upload, gateway.limits.response_header)
        .await
        .ok()
        .map(|answer| answer.status())
}

/// A single segment that has the form of a link's key, and no page of the service.
fn is_cheque_path(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|part| part.len() >= 10 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_single_long_segment_and_no_page_of_the_service() {
        assert!(is_cheque_path("/lBF2niuPbm0123456789Az"));
        assert!(is_cheque_path("/lBF2niuPbm"));
        for path in ["/", "/docs", "/cheques", "/openapi.json", "/lBF2niuPbm0123456789Az/ws", "/lBF2niuPbm01234567-9Az"]
        {
            assert!(!is_cheque_path(path), "{path}");
        }
    }
}
