//! The routes of every service: health, readiness, metrics, and problem documents for unknown pages and methods.

use axum::extract::{DefaultBodyLimit, FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use http::HeaderMap;
use http_api::body::JSON_BODY_BYTES_MAX;
use http_api::problem::{method_not_allowed, no_such_page};
use http_server::health::health;
use http_server::readiness::Readiness;
use http_server::request_id::request_id;
use http_server::{layers, time_limit};
use identity::{Administrator, InternalAuth, caller, client_address, require_gateway_token};
use metrics_exporter_prometheus::PrometheusHandle;
use rabbit_outbox::dead_letters::Operator;
use tracing::info;

/// Adds the common routes and layers to a server's own routes, which are authenticated by `internal_auth`. Those below
/// `/operations` are for administrators.
///
/// Call it last: routes that are added afterwards have no trace and no metrics.
pub fn with_common_routes(
    own: Router,
    internal_auth: InternalAuth,
    readiness: Readiness,
    metrics: PrometheusHandle,
) -> Router {
    own.layer(middleware::from_fn(require_administrator_for_operations))
        .layer(middleware::from_fn_with_state(internal_auth, require_gateway_token))
        .merge(health(readiness, metrics))
        .fallback(|| async { no_such_page() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .layer(middleware::from_fn(time_limit::limit))
        .layer(middleware::from_fn(layers::observe))
}

/// The gateway checks the role too. A mistake there must not open the operations of a service.
async fn require_administrator_for_operations(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if route.is_none_or(|route| route.split('/').nth(1) != Some("operations")) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match Administrator::from_request_parts(&mut parts, &()).await {
        Ok(Administrator) => {
            parts.extensions.insert(operator(&parts.headers));
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refusal) => {
            let Operator { name, address, request_id } = operator(&parts.headers);
            info!(
                target: "audit",
                kind = "administration",
                outcome = "refused",
                actor.id = name,
                client.address = address,
                request_id,
                "audit: administration refused"
            );
            refusal.into_response()
        }
    }
}

/// Who makes a request, for the record of what is done with dead letters.
fn operator(headers: &HeaderMap) -> Operator {
    Operator {
        name: caller(headers).ok().map(|caller| caller.0.to_string()),
        address: client_address(headers).map(|address| address.to_string()),
        request_id: request_id(headers).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt;

    #[tokio::test]
    async fn operations_are_for_administrators_and_other_routes_for_everybody() {
        let own = Router::new()
            .route("/operations", get(|| async {}))
            .route("/operations/letters/{id}", get(|| async {}).post(|| async {}))
            .route("/orders/{id}", get(|| async {}));
        let auth = InternalAuth::new("orders-service", None, "127.0.0.1:1".parse().unwrap()).unwrap();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let app = with_common_routes(own, auth, Readiness::default(), metrics);
        let status = async |method: &str, path: &str, role: &str| {
            let request = Request::builder().method(method).uri(path).header("x-user-role", role);
            app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status().as_u16()
        };
        for (method, path) in
            [("GET", "/operations"), ("GET", "/operations/letters/1"), ("POST", "/operations/letters/1")]
        {
            assert_eq!(status(method, path, "admin").await, 200, "{method} {path}");
            for role in ["user", "", "Admin"] {
                assert_eq!(status(method, path, role).await, 404, "{method} {path} {role}");
            }
        }
        assert_eq!(status("GET", "/orders/operations", "user").await, 200);
    }
}
