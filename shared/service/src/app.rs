//! The routes of every service: health, readiness, metrics, and problem documents for unknown pages and methods.

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use http_api::body::JSON_BODY_BYTES_MAX;
use http_api::problem::{method_not_allowed, no_such_page};
use http_server::health::health;
use http_server::readiness::Readiness;
use http_server::{layers, time_limit};
use identity::{InternalAuth, require_gateway_token};
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
    own.layer(middleware::from_fn_with_state(internal_auth, require_gateway_token))
        .merge(health(readiness, metrics))
        .fallback(|| async { no_such_page() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .layer(middleware::from_fn(time_limit::limit))
        .layer(middleware::from_fn(layers::observe))
}
