//! How long a handler may take until the head of its response.
//!
//! The gateway gives up after 15 seconds, so a handler that takes longer works for a client that does not wait any more.
//! Upgraded connections and response bodies are not limited here. Reading the body of a request is, because it is part
//! of the handler.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tracing::error;

/// For every route that has no limit of its own.
const HANDLER_TIME_MAX: Duration = Duration::from_secs(30);

/// The limit of a request, which the layer of its route can raise.
#[derive(Clone)]
struct TimeLimit(Arc<AtomicU64>);

impl TimeLimit {
    fn new(limit: Duration) -> Self {
        Self(Arc::new(AtomicU64::new(milliseconds(limit))))
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

fn milliseconds(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)
}

/// Middleware: responds with 503 when the handler takes too long; the handler is dropped.
pub async fn limit(request: Request, next: Next) -> Response {
    limit_to(HANDLER_TIME_MAX, request, next).await
}

async fn limit_to(limit: Duration, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let limit = TimeLimit::new(limit);
    request.extensions_mut().insert(limit.clone());
    let mut answer = pin!(next.run(request));
    loop {
        let current = limit.get();
        tokio::select! {
            response = &mut answer => return response,
            // The route may have raised the limit meanwhile.
            () = tokio::time::sleep_until(started + current) => if limit.get() <= current {
                return timed_out(current).into_response();
            }
        }
    }
}

/// Middleware of a route whose handler may take longer, because it waits for an upload or for a queue: with
/// `from_fn_with_state(limit, time_limit::raise)`.
pub async fn raise(State(to): State<Duration>, request: Request, next: Next) -> Response {
    if let Some(limit) = request.extensions().get::<TimeLimit>() {
        limit.0.fetch_max(milliseconds(to), Ordering::Relaxed);
    }
    next.run(request).await
}

fn timed_out(limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    error!(limit_secs = seconds, "a handler took longer than {seconds} s and was stopped");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "handler_timeout", "the request took too long and was stopped")
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use std::future::pending;
    use tower::ServiceExt;

    async fn call(router: &Router, uri: &str) -> Response {
        router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_handler_has_a_time_limit_that_its_route_can_raise() {
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            "done"
        };
        let router = Router::new()
            .route("/raised", get(slow))
            .layer(from_fn_with_state(Duration::from_mins(1), raise))
            .route("/slow", get(slow))
            .route("/endless", get(pending::<()>))
            .layer(from_fn(|request, next| limit_to(Duration::from_millis(100), request, next)));
        assert_eq!(call(&router, "/raised").await.status(), StatusCode::OK);
        for uri in ["/slow", "/endless"] {
            let response = call(&router, uri).await;
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{uri}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{uri}");
            assert_eq!(response.headers()[header::RETRY_AFTER], "5", "{uri}");
        }
    }
}
