//! One request and one response.

use crate::forward::admission::{Outgoing, head};
use crate::forward::download::Download;
use crate::forward::failure::ForwardError;
use crate::forward::headers::strip_hop_by_hop;
use crate::forward::target::Target;
use crate::forward::upload::{Upload, UploadWatch};
use crate::gateway::Gateway;
use crate::limits::Limits;
use crate::peer::Peer;
use crate::upstream::{Answer, Upstream};
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
    peer: &Peer,
) -> impl Future<Output = Result<Response, ForwardError>> + Send {
    let (Parts { method, headers, .. }, body) = request.into_parts();
    let upload = Upload::new(body, outgoing.body_bytes_max, gateway.limits.upload);
    let Outgoing { caller, head: within, .. } = outgoing;
    let again = {
        // Retries are rare, so the head is rebuilt then instead of copied for every request.
        let (method, uri) = (method.clone(), outgoing.uri.clone());
        move || request_of(method, uri, head(gateway, target, &headers, peer, caller), Upload::empty())
    };
    let first = request_of(method, outgoing.uri, outgoing.headers, upload);
    let sent = send(target.upstream(gateway), first, again, gateway.limits.upload, within);
    async move {
        let answer = sent.await?;
        // The client did not request an upgrade.
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(ForwardError::UnaskedUpgrade);
        }
        Ok(answer_of(answer, &gateway.limits))
    }
}

/// Sends a request and waits for the head of the response, within the limits. For a retry, `again` builds the request
/// once more.
///
/// # Errors
/// [`ForwardError`] that distinguishes faults of the client from faults of the service.
pub(crate) fn send(
    upstream: &Arc<Upstream>,
    request: http::Request<Upload>,
    again: impl FnOnce() -> http::Request<Upload> + Send,
    upload: Duration,
    head: Duration,
) -> impl Future<Output = Result<Answer, ForwardError>> + Send {
    let watch = request.body().watch();
    let mut sent = Box::pin(upstream.send(request, again));
    async move {
        tokio::select! {
            answer = &mut sent => answer.map_err(|failure| match watch.fault() {
                Some(fault) => ForwardError::Upload(fault),
                None => ForwardError::Send(failure),
            }),
            () = overdue(&watch, upload, head) => Err(ForwardError::Slow),
        }
    }
}

/// The request as the service receives it.
pub(crate) fn request_of(method: Method, uri: Uri, headers: HeaderMap, upload: Upload) -> http::Request<Upload> {
    let mut request = http::Request::new(upload);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

/// A request without a body, and a function that builds it again.
pub(crate) fn bare(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> (http::Request<Upload>, impl FnOnce() -> http::Request<Upload> + Send) {
    let first = request_of(method.clone(), uri.clone(), headers.clone(), Upload::empty());
    (first, move || request_of(method, uri, headers, Upload::empty()))
}

/// The response as the client receives it.
pub(crate) fn answer_of(answer: Answer, limits: &Limits) -> Response {
    let mut response = answer.into_response().map(|body| Body::new(Download::new(body, limits.download_pause)));
    strip_hop_by_hop(response.headers_mut());
    response
}

/// Ends when the response is overdue. The time limit for the response head starts when the service has received the
/// whole request. A service that does not read all of it has as long as the upload may take.
async fn overdue(watch: &UploadWatch, upload: Duration, head: Duration) {
    if watch.is_going_on() {
        let _ = tokio::time::timeout(upload, watch.ended()).await;
    }
    tokio::time::sleep(head).await;
}
