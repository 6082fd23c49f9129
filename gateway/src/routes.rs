//! Every address of the gateway, on one screen.

use crate::edge::{access, cors, harden};
use crate::forward::forward;
use crate::forward::target::{Service, Target};
use crate::gateway::Gateway;
use crate::info::Info;
use crate::ui;
use axum::extract::Request;
use axum::routing::{any, get};
use axum::{Router, middleware};
use chassis::docs::swagger_ui;
use chassis::face::{health, method_not_allowed, no_such_page};
use chassis::layers;
use chassis::readiness::Readiness;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use utoipa_swagger_ui::Url;

const ORDERS: Target = to(Service::Orders, "orders", "/orders");
const PAYMENTS: Target = to(Service::Payments, "payments", "/payments");
const SOCKETS: Target = to(Service::Orders, "ws", "");

const FORWARDED: [(&str, Target); 8] = [
    ("/orders", ORDERS),
    ("/orders/", ORDERS),
    ("/orders/{*path}", ORDERS),
    ("/payments", PAYMENTS),
    ("/payments/", PAYMENTS),
    ("/payments/{*path}", PAYMENTS),
    ("/ws/orders", SOCKETS),
    ("/ws/orders/{id}", SOCKETS),
];

/// The API listener.
pub(crate) fn api(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    layered(own(gateway, metrics), gateway)
}

/// The UI listener: the API, and for all other addresses the page.
pub(crate) fn ui(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    let router = own(gateway, metrics).route("/", get(ui::page)).route("/{*path}", get(ui::page));
    layered(router, gateway)
}

fn own(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    let info = Info::of(&gateway.config);
    let mut router = Router::new()
        .route("/gateway/info", get(move || async move { info }))
        .merge(swagger_ui([
            Url::new("orders", "../orders/openapi.json"),
            Url::new("payments", "../payments/openapi.json"),
        ]))
        // The gateway is ready without its services: without them it still says what is wrong.
        .merge(health(Readiness::default(), metrics.clone()));
    for (path, target) in FORWARDED {
        let gateway = Arc::clone(gateway);
        let handler = move |request: Request| forward(gateway, target, request);
        router = router.route(path, any(handler));
    }
    router
}

/// What happens around every request; the first line is the innermost.
fn layered(router: Router, gateway: &Arc<Gateway>) -> Router {
    let gateway = Arc::clone(gateway);
    router
        .fallback(|| async { no_such_page() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(middleware::from_fn_with_state(gateway, cors::allow_origins))
        .layer(middleware::from_fn(harden::refuse_ambiguity))
        .layer(middleware::from_fn(access::identify_and_log))
        .layer(middleware::from_fn(layers::observe))
}

const fn to(to: Service, name: &'static str, prefix: &'static str) -> Target {
    Target { name, prefix, to }
}
