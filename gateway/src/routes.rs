//! All routes of the gateway.
//!
//! Routes to services are found here by their first segment: an axum router would cost each request several allocations
//! and moves of its data. The gateway's own pages use an axum router.

use crate::edge::access_log::ServedResponse;
use crate::edge::{self, operations};
use crate::forward::forward;
use crate::forward::target::{Service, Target};
use crate::gateway::Gateway;
use crate::info::Info;
use crate::peer::Peer;
use crate::share;
use crate::tickets;
use crate::ui;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};
use futures_util::FutureExt;
use futures_util::future::{Either, ready};
use http_api::docs::swagger_ui;
use http_api::known_parameters::refuse_parameters;
use http_api::problem::{method_not_allowed, no_such_page};
use http_server::health::probes;
use http_server::layers::Route;
use http_server::readiness::Readiness;
use http_server::serve::{HandlerResult, call_router};
use std::sync::Arc;
use utoipa_swagger_ui::Url;

const ORDERS: Target = to(Service::Orders, "orders", "/orders");
const PAYMENTS: Target = to(Service::Payments, "payments", "/payments");
const OCR: Target = to(Service::Ocr, "ocr", "/ocr");
const CHEQUES: Target = to(Service::Router, "small-router", "/small-router");
/// Groups are at router-service too, without a prefix of its own.
const GROUPS: Target = to(Service::Router, "groups", "");
const USERS: Target = to(Service::Users, "users", "/users");
const LOGIN: Target = to(Service::Users, "login", "");
const SOCKETS: Target = to(Service::Orders, "ws", "");

/// The route's name in logs and metrics, and its target; `None` for the gateway's own pages.
fn forwarded(path: &str) -> Option<(&'static str, Target)> {
    let (first, rest) = path.strip_prefix('/')?.split_once('/').map_or((&path[1..], None), |(a, b)| (a, Some(b)));
    let (names, target) = match first {
        "orders" => (["/orders", "/orders/", "/orders/{*path}"], ORDERS),
        "payments" => (["/payments", "/payments/", "/payments/{*path}"], PAYMENTS),
        "ocr" => (["/ocr", "/ocr/", "/ocr/{*path}"], OCR),
        "small-router" => (["/small-router", "/small-router/", "/small-router/{*path}"], CHEQUES),
        "groups" => (["/groups", "/groups/", "/groups/{*path}"], GROUPS),
        "users" => (["/users", "/users/", "/users/{*path}"], USERS),
        "login" => return rest.is_none().then_some(("/login", LOGIN)),
        "ws" => {
            let (socket, id) = rest?.split_once('/').map_or((rest?, None), |(socket, id)| (socket, Some(id)));
            return match (socket, id) {
                ("orders", None) => Some(("/ws/orders", SOCKETS)),
                ("orders", Some(id)) if !id.is_empty() && !id.contains('/') => Some(("/ws/orders/{id}", SOCKETS)),
                _ => None,
            };
        }
        _ => return None,
    };
    let [alone, with_slash, below] = names;
    Some((rest.map_or(alone, |rest| if rest.is_empty() { with_slash } else { below }), target))
}

/// The routes of one listener; cheap to clone.
#[derive(Clone)]
pub(crate) struct Routes {
    gateway: Arc<Gateway>,
    /// The gateway's own pages.
    own: Router,
    kind: Listener,
}

/// The purpose of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listener {
    /// For programs. Browsers that open a share link here are redirected to the listener for share links.
    Api,
    /// The web UI: the API, and the page at all other paths.
    Ui,
    /// Share links, whose address is public: as the UI, without what is for administrators.
    Links,
}

impl Routes {
    /// The routes of a listener of this kind.
    pub(crate) fn new(kind: Listener, gateway: &Arc<Gateway>) -> Self {
        let mut own = own(gateway);
        if kind != Listener::Api {
            own = own.route("/", get(ui::page)).route("/{*path}", get(ui::page));
        }
        let own = own
            .fallback(|| async { no_such_page() })
            .method_not_allowed_fallback(|| async { method_not_allowed() })
            .layer(middleware::from_fn_with_state(Arc::clone(gateway), edge_layer));
        Self { gateway: Arc::clone(gateway), own, kind }
    }

    /// Responds to a request of the client at `peer`.
    pub(crate) fn answer(
        &self,
        request: Request,
        peer: &Arc<Peer>,
    ) -> impl Future<Output = HandlerResult> + Send + use<> {
        let Some((route, target)) = forwarded(request.uri().path()) else {
            return Either::Left(Box::pin(call_router(&self.own, request, peer.address())));
        };
        let peer = Arc::clone(peer);
        let (kind, gateway) = (self.kind, Arc::clone(&self.gateway));
        let answered = edge::with_middleware(&self.gateway, Route::Known(route), request, move |request| {
            if kind == Listener::Links && operations::is_for_administrators(target, request.uri().path()) {
                return Either::Left(ready(ServedResponse::by_gateway(no_such_page().into_response())));
            }
            if target.service == Service::Router && share::is_opened_as_page(target, &request) {
                return Either::Right(Either::Left(Box::pin(open_link(gateway, kind, target, request, peer))));
            }
            Either::Right(Either::Right(forward(gateway, target, request, peer)))
        });
        Either::Right(answered.map(Ok))
    }
}

async fn open_link(
    gateway: Arc<Gateway>,
    kind: Listener,
    target: Target,
    request: Request,
    peer: Arc<Peer>,
) -> ServedResponse {
    if let Err(too_many) = gateway.count_call(peer.ip(), request.headers(), None).await {
        return ServedResponse::by_gateway(too_many.into_response());
    }
    ServedResponse::by_gateway(match kind {
        Listener::Ui | Listener::Links => share::page(&gateway, target, request).await,
        Listener::Api => share::redirect(&gateway, &request),
    })
}

fn own(gateway: &Arc<Gateway>) -> Router {
    let info = Info::of(&gateway.config);
    Router::new()
        .route("/gateway/info", get(move || async move { info }))
        .merge(tickets::routes(gateway))
        .route_layer(middleware::from_fn(refuse_parameters))
        .merge(swagger_ui([
            Url::new("orders", "../orders/openapi.json"),
            Url::new("payments", "../payments/openapi.json"),
            Url::new("ocr", "../ocr/openapi.json"),
            Url::new("small-router", "../small-router/openapi.json"),
            Url::new("users", "../users/openapi.json"),
        ]))
        // The gateway is ready even without its services: it responds with 503 for them.
        .merge(probes(Readiness::default()))
}

async fn edge_layer(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    edge::with_middleware(&gateway, Route::of(&request), request, |request| {
        next.run(request).map(ServedResponse::by_gateway)
    })
    .await
}

const fn to(service: Service, name: &'static str, prefix: &'static str) -> Target {
    Target { name, prefix, service }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_service_or_to_the_gateway() {
        for (path, route, name) in [
            ("/orders", "/orders", "orders"),
            ("/orders/", "/orders/", "orders"),
            ("/orders/orders/1", "/orders/{*path}", "orders"),
            ("/payments/x", "/payments/{*path}", "payments"),
            ("/ocr/", "/ocr/", "ocr"),
            ("/small-router/abc", "/small-router/{*path}", "small-router"),
            ("/groups", "/groups", "groups"),
            ("/groups/abc/members", "/groups/{*path}", "groups"),
            ("/users/login", "/users/{*path}", "users"),
            ("/login", "/login", "login"),
            ("/ws/orders", "/ws/orders", "ws"),
            ("/ws/orders/1", "/ws/orders/{id}", "ws"),
        ] {
            let (found, target) = forwarded(path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!((found, target.name), (route, name), "{path}");
        }
        for path in [
            "",
            "*",
            "/",
            "//orders",
            "/ordersx",
            "/groupsx",
            "/Orders",
            "/%6frders",
            "/login/",
            "/login/x",
            "/ws",
            "/ws/",
            "/ws/orders/",
            "/ws/orders/1/2",
            "/ws/cheques",
            "/gateway/info",
            "/x/orders",
        ] {
            assert!(forwarded(path).is_none(), "{path}");
        }
    }
}
