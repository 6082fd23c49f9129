//! The routes of every server: health, readiness, metrics, and problem documents for unknown pages and methods.

use crate::body::JSON_BODY_BYTES_MAX;
use crate::gateway_auth::{self, InternalAuth};
use crate::layers;
use crate::problem::Problem;
use crate::readiness::Readiness;
use crate::time_limit;
use axum::Json;
use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;

/// Adds the common routes and layers to a server's own routes, which are authenticated by `internal_auth`.
///
/// Call it last: routes that are added afterwards have no trace and no metrics.
pub fn with_common_routes(
    own: Router,
    internal_auth: InternalAuth,
    readiness: Readiness,
    metrics: PrometheusHandle,
) -> Router {
    own.layer(middleware::from_fn_with_state(internal_auth, gateway_auth::require_internal_token))
        .merge(health(readiness, metrics))
        .fallback(|| async { no_such_page() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .layer(middleware::from_fn(time_limit::limit))
        .layer(middleware::from_fn(layers::observe))
}

/// `/healthz`, `/readyz` and `/metrics`, for a server with its own layers.
pub fn health(readiness: Readiness, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(move || async move {
                let report = readiness.report().await;
                let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                (status, Json(report)).into_response()
            }),
        )
        .route(
            "/metrics",
            get(move || async move {
                metrics.run_upkeep();
                metrics.render()
            }),
        )
}

/// 404 for an unknown path.
pub fn no_such_page() -> Problem {
    Problem::not_found("not_found", "there is no such page")
}

/// 405; axum adds the `Allow` header.
pub fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this page does not support this method")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::serve;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    async fn bug() -> &'static str {
        panic!("a bug of this test");
    }

    #[tokio::test]
    async fn a_panic_is_a_500_with_a_trace_id_and_the_connection_goes_on() {
        let router = Router::new().route("/bug", get(bug)).layer(middleware::from_fn(layers::observe));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stopping = CancellationToken::new();
        let server = tokio::spawn(serve(listener, router, stopping.clone()));
        let requests = "GET /bug HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        stream.write_all(requests.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 500 ") && answers.contains("HTTP/1.1 404 "), "{answers}");
        assert!(answers.contains("application/problem+json") && answers.contains("\"trace_id\""), "{answers}");
        assert!(!answers.contains("a bug of this test"), "{answers}");
        stopping.cancel();
        server.await.unwrap().unwrap();
    }
}
