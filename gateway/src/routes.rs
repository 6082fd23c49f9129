//! Every address of the gateway, on one screen.

use crate::edge::{self, operations};
use crate::forward::forward;
use crate::forward::target::{Service, Target};
use crate::gateway::Gateway;
use crate::info::Info;
use crate::share;
use crate::tickets;
use crate::ui;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Router, middleware};
use chassis::docs::swagger_ui;
use chassis::face::{health, method_not_allowed, no_such_page};
use chassis::readiness::Readiness;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use utoipa_swagger_ui::Url;

const ORDERS: Target = to(Service::Orders, "orders", "/orders");
const PAYMENTS: Target = to(Service::Payments, "payments", "/payments");
const OCR: Target = to(Service::Ocr, "ocr", "/ocr");
const CHEQUES: Target = to(Service::Router, "small-router", "/small-router");
const USERS: Target = to(Service::Users, "users", "/users");
const LOGIN: Target = to(Service::Users, "login", "");
const SOCKETS: Target = to(Service::Orders, "ws", "");

const FORWARDED: [(&str, Target); 18] = [
    ("/orders", ORDERS),
    ("/orders/", ORDERS),
    ("/orders/{*path}", ORDERS),
    ("/payments", PAYMENTS),
    ("/payments/", PAYMENTS),
    ("/payments/{*path}", PAYMENTS),
    ("/ocr", OCR),
    ("/ocr/", OCR),
    ("/ocr/{*path}", OCR),
    ("/small-router", CHEQUES),
    ("/small-router/", CHEQUES),
    ("/small-router/{*path}", CHEQUES),
    ("/users", USERS),
    ("/users/", USERS),
    ("/users/{*path}", USERS),
    ("/login", LOGIN),
    ("/ws/orders", SOCKETS),
    ("/ws/orders/{id}", SOCKETS),
];

/// The API listener.
pub(crate) fn api(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    layered(own(gateway, metrics, Links::Redirected), gateway)
}

/// What the listeners do with browsers that follow a share link.
#[derive(Clone, Copy)]
enum Links {
    /// They get the page.
    Shown,
    /// They are sent to where share links lead.
    Redirected,
}

/// The listener of the UI: the API, and for all other addresses the page.
pub(crate) fn ui(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    layered(with_page(gateway, metrics), gateway)
}

/// The listener of share links, which strangers know: the same without what is for operators.
pub(crate) fn links(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    layered(with_page(gateway, metrics).layer(middleware::from_fn(operations::hide)), gateway)
}

fn with_page(gateway: &Arc<Gateway>, metrics: &PrometheusHandle) -> Router {
    own(gateway, metrics, Links::Shown).route("/", get(ui::page)).route("/{*path}", get(ui::page))
}

fn own(gateway: &Arc<Gateway>, metrics: &PrometheusHandle, links: Links) -> Router {
    let info = Info::of(&gateway.config);
    let mut router = Router::new()
        .route("/gateway/info", get(move || async move { info }))
        .merge(tickets::routes(gateway))
        .merge(swagger_ui([
            Url::new("orders", "../orders/openapi.json"),
            Url::new("payments", "../payments/openapi.json"),
            Url::new("ocr", "../ocr/openapi.json"),
            Url::new("small-router", "../small-router/openapi.json"),
            Url::new("users", "../users/openapi.json"),
        ]))
        // The gateway is ready without its services: without them it still says what is wrong.
        .merge(health(Readiness::default(), metrics.clone()));
    for (path, target) in FORWARDED {
        let gateway = Arc::clone(gateway);
        let handler = move |request: Request| answer(gateway, target, links, request);
        router = router.route(path, any(handler));
    }
    router
}

async fn answer(gateway: Arc<Gateway>, target: Target, links: Links, request: Request) -> Response {
    if target.to == Service::Router && share::is_opened_by_browser(target, &request) {
        return match links {
            Links::Shown => Box::pin(share::page(&gateway, target, request)).await,
            Links::Redirected => share::redirect(&gateway, &request),
        };
    }
    forward(gateway, target, request).await
}

/// With what happens around every request.
fn layered(router: Router, gateway: &Arc<Gateway>) -> Router {
    let gateway = Arc::clone(gateway);
    router
        .fallback(|| async { no_such_page() })
        .method_not_allowed_fallback(|| async { method_not_allowed() })
        .layer(middleware::from_fn_with_state(gateway, edge::around))
}

const fn to(to: Service, name: &'static str, prefix: &'static str) -> Target {
    Target { name, prefix, to }
}
