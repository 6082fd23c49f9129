//! The routes of every server: health, readiness, metrics, and problem documents for unknown pages and methods.

use crate::body::JSON_BODY_BYTES_MAX;
use crate::gateway_auth::{self, InternalAuth};
use crate::layers;
use crate::problem::Problem;
use crate::readiness::Readiness;
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
