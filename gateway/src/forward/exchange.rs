//! One request and one answer.

use crate::forward::admission::Outgoing;
use crate::forward::download::Download;
use crate::forward::failure::ForwardError;
use crate::forward::headers::strip_hop_by_hop;
use crate::forward::upload::{Upload, UploadWatch};
use crate::gateway::Gateway;
use crate::limits::Limits;
use crate::upstream::{Answer, Upstream};
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// Sends the request on and gives back the answer, whose body may still be on its way.
///
/// # Errors
/// [`ForwardError`] when no answer came.
pub(crate) fn exchange(
    gateway: &Gateway,
    upstream: &Arc<Upstream>,
    outgoing: Outgoing,
    request: Request,
) -> impl Future<Output = Result<Response, ForwardError>> + Send {
    let method = request.method().clone();
    let upload = Upload::new(request.into_body(), outgoing.body_bytes_max, gateway.limits.upload);
    let head = outgoing.head;
    let sent = send(upstream, request_of(method, outgoing, upload), gateway.limits.upload, head);
    async move {
        let answer = sent.await?;
        // Nobody asked for a change of protocol.
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(ForwardError::UnaskedUpgrade);
        }
        Ok(answer_of(answer, &gateway.limits))
    }
}

/// Sends a request and waits for the head of its answer, within the limits.
///
/// # Errors
/// [`ForwardError`] that tells the client's faults from the service's.
pub(crate) fn send(
    upstream: &Arc<Upstream>,
    request: http::Request<Upload>,
    upload: Duration,
    head: Duration,
) -> impl Future<Output = Result<Answer, ForwardError>> + Send {
    let watch = request.body().watch();
    let mut sent = Box::pin(upstream.send(request));
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

/// The request as the service gets it.
pub(crate) fn request_of(method: http::Method, outgoing: Outgoing, upload: Upload) -> http::Request<Upload> {
    let mut request = http::Request::new(upload);
    *request.method_mut() = method;
    *request.uri_mut() = outgoing.uri;
    *request.headers_mut() = outgoing.headers;
    request
}

/// The answer as the client gets it.
pub(crate) fn answer_of(answer: Answer, limits: &Limits) -> Response {
    let mut response = answer.into_response().map(|body| Body::new(Download::new(body, limits.download_pause)));
    strip_hop_by_hop(response.headers_mut());
    response
}

/// The time for the head of an answer starts when the service has the whole request. A service that does not read it
/// to its end has as long as the upload may take.
async fn overdue(watch: &UploadWatch, upload: Duration, head: Duration) {
    if watch.is_going_on() {
        let _ = tokio::time::timeout(upload, watch.ended()).await;
    }
    tokio::time::sleep(head).await;
}
