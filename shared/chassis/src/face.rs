//! The outer face that every server shows: health, readiness, metrics, documentation, and problems for the rest.

use crate::body::JSON_BODY_BYTES_MAX;
use crate::layers;
use crate::passage::{self, Entrance};
use crate::problem::Problem;
use crate::readiness::Readiness;
use axum::Json;
use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;

/// Adds the outer face to a server's own routes, which answer only what may come in by the `entrance`.
///
/// Call it last: routes that are added afterwards have neither trace nor metrics.
pub fn with_face(own: Router, entrance: Entrance, readiness: Readiness, metrics: PrometheusHandle) -> Router {
    own.layer(middleware::from_fn_with_state(entrance, passage::demand_pass))
        .merge(health(readiness, metrics))
        .fallback(|| async { no_such_page() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .layer(middleware::from_fn(layers::observe))
}

/// `/healthz`, `/readyz` and `/metrics`, for a server that lays its own layers around them.
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

/// 404 for a path that leads nowhere.
pub fn no_such_page() -> Problem {
    Problem::not_found("not_found", "there is nothing at this address")
}

/// 405; axum adds the `Allow` header.
pub fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not know this method")
}
