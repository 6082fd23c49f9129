//! Reports refusals to users-service every second, for its audit trail. What could not be reported is reported with the next;
//! that of the last second is lost if the process is killed.

use crate::forward::exchange::{build_request, send};
use crate::forward::target::Service;
use crate::gateway::Gateway;
use crate::refusals::Refusal;
use crate::upstream::Upload;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use identity::Origin;
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::warn;

const PATH: &str = "/internal/refusals";
/// Time between two reports.
const EVERY: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(3);

/// The body of a report.
#[derive(Serialize)]
struct Report<'a> {
    refusals: &'a [Refusal],
}

/// Reports refusals until `stopping` is cancelled, and then once more.
///
/// # Errors
/// None: failures are logged.
pub(crate) async fn report_refusals(gateway: Arc<Gateway>, stopping: CancellationToken) -> Result<(), Infallible> {
    let mut is_failing = false;
    loop {
        let is_last = tokio::select! {
            () = tokio::time::sleep(EVERY) => false,
            () = stopping.cancelled() => true,
        };
        let refusals = gateway.refusals.take();
        if !refusals.is_empty() {
            match report(&gateway, &refusals).await {
                Ok(()) => is_failing = false,
                Err(reason) => {
                    if !is_failing {
                        warn!(reason, "refusals could not be reported to users-service; retrying");
                    }
                    is_failing = true;
                    gateway.refusals.put_back(refusals);
                }
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn report(gateway: &Gateway, refusals: &[Refusal]) -> Result<(), String> {
    let body = serde_json::to_vec(&Report { refusals }).map_err(|failure| failure.to_string())?;
    let upstream = gateway.upstream(Service::Users);
    let uri = Uri::from_static(PATH);
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, upstream.base.host());
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    upstream.add_gateway_token(&mut headers, (&Method::POST, &uri), Origin::default());
    let upload = Upload::new(Body::from(body), u64::MAX, TIMEOUT);
    let request = build_request(Method::POST, uri, headers, upload);
    // A request with a body is not sent again.
    let rebuild = || build_request(Method::POST, Uri::from_static(PATH), HeaderMap::new(), Upload::empty());
    let answer = send(upstream, request, rebuild, TIMEOUT, TIMEOUT).await;
    match answer.map_err(|failure| telemetry::chain(&failure))?.status() {
        StatusCode::NO_CONTENT => Ok(()),
        status => Err(status.to_string()),
    }
}
