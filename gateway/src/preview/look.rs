//! Asks router-service for the title of a bill. It looks into its own database only, so a preview is cheap.

use crate::forward::exchange::{send, without_body};
use crate::forward::target::Target;
use crate::gateway::Gateway;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use identity::Origin;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// The page does not wait longer for its title.
const WITHIN: Duration = Duration::from_secs(1);
/// A title has at most 80 characters, a date and an amount.
const BYTES_MAX: usize = 4096;

/// What is known about a link.
#[derive(Debug)]
pub(crate) enum Looked {
    /// The title of its bill.
    Known(String),
    /// It has expired, or its bill was deleted.
    Gone,
    /// There is no such link, or its bill has not arrived yet.
    Unknown,
    /// There was no answer in time.
    Unavailable,
}

#[derive(Deserialize)]
struct Preview {
    title: String,
}

/// Looks up the link with this path at the service, such as `/lBF2niuPbm0123456789Az`.
pub(crate) async fn look(gateway: &Gateway, target: Target, link: &str) -> Looked {
    let now = Instant::now();
    if let Some(title) = gateway.previews.get(link, now) {
        return Looked::Known(title);
    }
    let looked = tokio::time::timeout(WITHIN, ask(gateway, target, link)).await.ok().flatten();
    if let Some(Looked::Known(title)) = &looked {
        gateway.previews.put(link, title, now);
    }
    looked.unwrap_or(Looked::Unavailable)
}

async fn ask(gateway: &Gateway, target: Target, link: &str) -> Option<Looked> {
    let upstream = gateway.upstream(target.service);
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, upstream.base.host());
    let uri = format!("{link}/preview").parse().ok()?;
    upstream.add_gateway_token(&mut headers, (&Method::GET, &uri), Origin::default());
    let (request, rebuild) = without_body(Method::GET, uri, headers);
    let answer = send(upstream, request, rebuild, gateway.limits.upload, gateway.limits.response_header).await.ok()?;
    match answer.status() {
        StatusCode::OK => {
            let body = Limited::new(answer.into_response().into_body(), BYTES_MAX).collect().await.ok()?;
            let preview: Preview = serde_json::from_slice(&body.to_bytes()).ok()?;
            Some(Looked::Known(preview.title))
        }
        StatusCode::NOT_FOUND => Some(Looked::Unknown),
        StatusCode::GONE => Some(Looked::Gone),
        _ => None,
    }
}
