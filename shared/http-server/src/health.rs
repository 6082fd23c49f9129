//! `/healthz`, `/readyz` and `/metrics`.

use crate::metrics_help;
use crate::readiness::Readiness;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;

/// The routes of a server that only our own network reaches; it adds them outside of its authentication.
pub fn health(readiness: Readiness, metrics: PrometheusHandle) -> Router {
    metrics_help::describe();
    probes(readiness).route("/metrics", get(move || async move { telemetry::render(&metrics) }))
}

/// `/healthz` and `/readyz` only: `/metrics` shows business figures and failures, and costs work.
pub fn probes(readiness: Readiness) -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route(
        "/readyz",
        get(move || async move {
            let report = readiness.report().await;
            let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, Json(report)).into_response()
        }),
    )
}
