//! One request and one response.

use crate::forward::download::Download;
use crate::forward::failure::ForwardError;
use crate::forward::headers::{set_upgrade, strip_hop_by_hop};
use crate::forward::outgoing::{Outgoing, request_headers};
use crate::forward::target::Target;
use crate::forward::upload_places::UploadPlaces;
use crate::gateway::Gateway;
use crate::limits::Limits;
use crate::peer::Peer;
use crate::upstream::{Upload, UploadWatch, Upstream, UpstreamResponse};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::sync::Arc;
use std::time::Duration;

/// Forwards a request of the client at `peer` and returns the response, whose body may still be arriving.
///
/// # Errors
/// [`ForwardError`] when there is no response.
pub(crate) fn exchange(
    gateway: &Gateway,
    target: Target,
    outgoing: Outgoing,
    request: Request,
    places: UploadPlaces,
    peer: &Peer,
) -> impl Future<Output = Result<Response, ForwardError>> + Send {
    let (Parts { method, headers, .. }, body) = request.into_parts();
    let UploadPlaces { body: place, photo } = places;
    let upload = Upload::new(body, outgoing.body_bytes_max, outgoing.upload_timeout).holding(place);
    let Outgoing { principal, session, upload_timeout, response_header_timeout, .. } = outgoing;
    let rebuild = {
        // Retries are rare, so the head is rebuilt then instead of copied for every request.
        let (method, uri) = (method.clone(), outgoing.uri.clone());
        move || {
            let headers = request_headers(gateway, target, (&method, &uri), &headers, peer, principal, session);
            build_request(method, uri, headers, Upload::empty())
        }
    };
    let first = build_request(method, outgoing.uri, outgoing.headers, upload);
    let sent = send(gateway.upstream(target.service), first, rebuild, upload_timeout, response_header_timeout);
    async move {
        let answer = sent.await;
        drop(photo);
        let answer = answer?;
        // The client did not request an upgrade.
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(ForwardError::UnexpectedUpgrade);
        }
        Ok(client_response(answer, &gateway.limits))
    }
}

/// Sends a request and waits for the head of the response, within the limits. For a retry, `rebuild` builds the request
/// once more.
///
/// # Errors
/// [`ForwardError`] that distinguishes faults of the client from faults of the service.
pub(crate) fn send(
    upstream: &Arc<Upstream>,
    request: http::Request<Upload>,
    rebuild: impl FnOnce() -> http::Request<Upload> + Send,
    upload_timeout: Duration,
    response_header_timeout: Duration,
) -> impl Future<Output = Result<UpstreamResponse, ForwardError>> + Send {
    let watch = request.body().watch();
    let mut sent = Box::pin(upstream.send(request, rebuild));
    async move {
        tokio::select! {
            answer = &mut sent => answer.map_err(|failure| match watch.error() {
                Some(error) => ForwardError::Upload(error),
                None => ForwardError::Send(failure),
            }),
            () = overdue(&watch, upload_timeout, response_header_timeout) => Err(ForwardError::Timeout),
        }
    }
}

/// The request as the service receives it.
pub(crate) fn build_request(method: Method, uri: Uri, headers: HeaderMap, upload: Upload) -> http::Request<Upload> {
    let mut request = http::Request::new(upload);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

/// A request without a body, and a function that builds it again.
pub(crate) fn without_body(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> (http::Request<Upload>, impl FnOnce() -> http::Request<Upload> + Send) {
    let first = build_request(method.clone(), uri.clone(), headers.clone(), Upload::empty());
    (first, move || build_request(method, uri, headers, Upload::empty()))
}

/// The response as the client receives it.
pub(crate) fn client_response(answer: UpstreamResponse, limits: &Limits) -> Response {
    let mut response = answer.into_response().map(|body| Body::new(Download::new(body, limits.download_pause)));
    strip_hop_by_hop(response.headers_mut());
    if response.status() == StatusCode::UPGRADE_REQUIRED {
        // It has to name the protocol, on this connection too. Source: RFC 9110, section 15.5.22.
        set_upgrade(response.headers_mut());
    }
    response
}

/// Ends when the response is overdue. The time limit for the response head starts when the service has received the
/// whole request. A service that does not read all of it has as long as the upload may take.
async fn overdue(watch: &UploadWatch, upload_timeout: Duration, response_header_timeout: Duration) {
    if watch.is_in_progress() {
        let _ = tokio::time::timeout(upload_timeout, watch.ended()).await;
    }
    tokio::time::sleep(response_header_timeout).await;
}
