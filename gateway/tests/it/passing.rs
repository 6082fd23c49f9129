//! What is forwarded, added and removed.

use crate::client::{anonymous, as_user, fetch, send};
use crate::service::Service;
use crate::stage::{before, before_router, echoing};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::StatusCode;
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi;

#[tokio::test]
async fn the_prefix_is_stripped_and_the_query_is_not_touched() {
    let (stage, service) = echoing().await;
    for (path, line) in [
        ("/orders/orders?a=%20b&&c=%2F+d&user_id=7", "GET /orders?a=%20b&&c=%2F+d&user_id=7"),
        ("/orders/orders/0198?", "GET /orders/0198?"),
        ("/payments/account/balance", "GET /account/balance"),
        ("/orders", "GET /"),
        ("/orders/", "GET /"),
        ("/orders?x", "GET /?x"),
        ("/orders/%D1%8F%20", "GET /%D1%8F%20"),
        ("/ws/orders/1", "GET /ws/orders/1"),
        ("/orders/ws/orders/1", "GET /ws/orders/1"),
    ] {
        assert_eq!(fetch(as_user("GET", stage.api, path)).await.status, StatusCode::OK, "{path}");
        assert_eq!(service.received.heads().last().unwrap().line, line);
    }
}

#[tokio::test]
async fn headers_and_body_are_forwarded_and_hop_by_hop_headers_are_not() {
    let (stage, service) = echoing().await;
    let request = as_user("POST", stage.api, "/orders/orders")
        .header("Content-Type", "application/json")
        .header("Idempotency-Key", "\"k\"")
        .header("X-Custom", "a")
        .header("X-Custom", "b")
        .header("Connection", "keep-alive, X-Hop")
        .header("X-Hop", "1")
        .header("Keep-Alive", "timeout=5")
        .header("Proxy-Authorization", "secret")
        .header("Proxy-Connection", "keep-alive")
        .header("TE", "trailers")
        .header("Trailer", "x")
        .header("Upgrade", "h2c")
        .header("Expect", "100-continue")
        .body(Body::from(r#"{"amount": 200}"#));
    let answer = send(request.unwrap()).await;
    assert_eq!(answer.text(), r#"{"amount": 200}"#);
    let headers = service.received.only().headers;
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["content-length"], "15");
    assert_eq!(headers["idempotency-key"], "\"k\"");
    assert_eq!(headers.get_all("x-custom").iter().collect::<Vec<_>>(), ["a", "b"]);
    for name in [
        "connection",
        "x-hop",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "transfer-encoding",
    ] {
        assert!(!headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn responses_lose_their_hop_by_hop_headers_and_keep_the_others() {
    let answer = [
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5"),
        ("proxy-authenticate", "Basic"),
        ("location", "/orders/orders/1"),
        ("access-control-allow-origin", "*"),
        ("x-request-id", "theirs"),
        ("set-cookie", "a=b"),
    ];
    let (stage, _service) = before_router(Router::new().fallback(move || async move { (answer, "body") })).await;
    let answer = fetch(as_user("GET", stage.api, "/orders/x")).await;
    assert_eq!(answer.headers["location"], "/orders/orders/1");
    assert_eq!(answer.headers["set-cookie"], "a=b");
    assert_ne!(answer.headers["x-request-id"], "theirs");
    for name in ["x-hop", "keep-alive", "proxy-authenticate", "access-control-allow-origin"] {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
    assert_eq!(answer.text(), "body");
}

#[tokio::test]
async fn a_redirect_of_a_service_is_forwarded_and_not_followed() {
    let router = Router::new().fallback(|| async { (StatusCode::FOUND, [("location", "/orders/other")]) });
    let (stage, service) = before_router(router).await;
    let answer = fetch(as_user("GET", stage.api, "/orders/x")).await;
    assert_eq!((answer.status, &answer.headers["location"]), (StatusCode::FOUND, &"/orders/other".parse().unwrap()));
    assert_eq!(service.received.only().line, "GET /x");
}

#[tokio::test]
async fn the_service_receives_the_provenance_of_a_request() {
    let (stage, service) = echoing().await;
    let request = as_user("GET", stage.api, "/orders/orders")
        .header("X-Forwarded-For", "6.6.6.6")
        .header("X-Forwarded-Proto", "gopher")
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Prefix", "/evil")
        .header("Forwarded", "for=6.6.6.6")
        .header("X-Request-ID", "mine")
        .header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    let answer = fetch(request).await;
    let headers = service.received.only().headers;
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert_eq!(headers["x-forwarded-host"], stage.api.to_string());
    assert_eq!(headers["x-forwarded-prefix"], "/orders");
    assert_eq!(headers["host"], service.address.to_string());
    assert!(!headers.contains_key("forwarded"));
    assert_ne!(headers["x-request-id"], "mine");
    assert_eq!(headers["x-request-id"], answer.headers["x-request-id"]);
    let trace = headers["traceparent"].to_str().unwrap();
    // The client's trace is not ours, and neither does it decide whether ours is exported.
    assert!(trace.starts_with("00-") && trace.ends_with("-01"), "{trace}");
    assert!(!trace.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "{trace}");
    assert!(!trace.contains("00f067aa0ba902b7"), "{trace}");
}

#[tokio::test]
async fn a_proxy_in_front_is_trusted_if_configured() {
    let service = Service::echo().await;
    let stage = before(service.address).with("--trust-forwarded=true").start().await;
    let request = as_user("GET", stage.api, "/orders/orders")
        .header("X-Forwarded-For", "6.6.6.6")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "chipin.example");
    fetch(request).await;
    let headers = service.received.only().headers;
    assert_eq!(headers["x-forwarded-for"], "6.6.6.6, 127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["x-forwarded-host"], "chipin.example");
}

#[tokio::test]
async fn an_empty_body_with_a_json_content_type_is_forwarded() {
    let (stage, service) = echoing().await;
    let request = as_user("POST", stage.api, "/payments/account").header("Content-Type", "application/json");
    assert_eq!(fetch(request).await.status, StatusCode::OK);
    assert_eq!(service.received.only().line, "POST /account");
    assert_eq!(service.received.bodies(), [""]);
}

#[tokio::test]
async fn a_head_keeps_the_length_of_what_get_would_send() {
    let (stage, _service) = before_router(Router::new().route("/x", get(|| async { "twelve bytes" }))).await;
    let answer = fetch(as_user("HEAD", stage.api, "/orders/x")).await;
    assert_eq!(answer.headers["content-length"], "12");
    assert_eq!(answer.text(), "");
}

#[tokio::test]
async fn documentation_works_through_the_prefix() {
    let service = Service::start(|_| http_api::docs::routes(OpenApi::default())).await;
    let stage = before(service.address).start().await;
    let answer = fetch(anonymous("GET", stage.api, "/orders/docs")).await;
    assert_eq!(answer.headers["location"], "docs/");
    let page = fetch(anonymous("GET", stage.api, "/orders/docs/")).await;
    assert!(page.text().contains("swagger-ui"), "{}", page.text());
    let openapi = fetch(anonymous("GET", stage.api, "/orders/openapi.json")).await;
    let openapi: serde_json::Value = serde_json::from_slice(&openapi.body).unwrap();
    assert_eq!(openapi["servers"][0]["url"], "/orders");

    assert_eq!(fetch(anonymous("GET", stage.api, "/docs")).await.headers["location"], "docs/");
    let combined = fetch(anonymous("GET", stage.api, "/docs/swagger-initializer.js")).await;
    for address in ["../orders/openapi.json", "../payments/openapi.json"] {
        assert!(combined.text().contains(address), "{}", combined.text());
    }
}

#[tokio::test]
async fn every_metric_is_described() {
    let (stage, _service) = echoing().await;
    fetch(as_user("GET", stage.api, "/orders")).await;
    let metrics = fetch(anonymous("GET", stage.metrics, "/metrics")).await;
    let names = |comment: &str| -> BTreeSet<String> {
        let lines = metrics.text().lines().filter_map(|line| line.strip_prefix(comment)?.split_once(' '));
        lines.map(|(name, _)| name.to_owned()).collect()
    };
    // The exporter writes the type of every metric.
    let (described, all) = (names("# HELP "), names("# TYPE "));
    assert_eq!(described, all);
    for name in ["http_requests_total", "gateway_upstream_requests_total", "process_cpu_seconds_total"] {
        assert!(all.contains(name), "{name} in {all:?}");
    }
}

#[tokio::test]
async fn internal_pages_of_services_are_not_public() {
    let (stage, service) = echoing().await;
    for path in ["/orders/metrics", "/payments/metrics", "/orders/%6Detrics", "/orders/readyz", "/payments/healthz/"] {
        let answer = fetch(as_user("GET", stage.api, path)).await;
        assert_eq!(answer.problem(), "not_found", "{path}");
    }
    assert!(service.received.heads().is_empty());
    for path in ["/healthz", "/readyz"] {
        assert_eq!(fetch(anonymous("GET", stage.api, path)).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_served_on_their_own_address_only_and_administration_not_on_that_of_share_links() {
    let (stage, service) = echoing().await;
    assert_eq!(fetch(anonymous("GET", stage.metrics, "/metrics")).await.status, StatusCode::OK);
    assert_eq!(fetch(as_user("GET", stage.metrics, "/orders/orders")).await.status, StatusCode::NOT_FOUND);
    for public in [stage.api, stage.ui, stage.links] {
        for path in ["/metrics", "/metrics/", "/%6detrics"] {
            let answer = fetch(as_user("GET", public, path)).await;
            assert!(!answer.text().contains("http_requests_total"), "{path} on {public}: {}", answer.text());
        }
    }
    for path in ["/users/users", "/users/users/7", "/users/%75sers", "/users/operations/messaging"] {
        assert_eq!(fetch(as_user("GET", stage.links, path)).await.problem(), "not_found", "{path}");
    }
    assert!(service.received.heads().is_empty());
    assert_eq!(fetch(as_user("GET", stage.links, "/users/me")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn requests_in_flight_are_counted() {
    let (stage, _service) = echoing().await;
    let metrics = fetch(anonymous("GET", stage.metrics, "/metrics")).await;
    let counted = metrics.text().lines().find_map(|line| line.strip_prefix("http_requests_in_flight ")?.parse().ok());
    // The request for the metrics is one.
    assert!(counted.is_some_and(|count: f64| count >= 1.0), "{counted:?}");
}
