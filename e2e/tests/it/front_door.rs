//! Other responsibilities of the gateway: the page, cross-origin requests, and operators' endpoints.

use crate::problem;
use crate::stage::Stage;
use http::Method;
use serde_json::json;
use testkit::{Client, Socket, TestResponse};

#[tokio::test]
async fn the_ui_address_serves_the_page_and_the_api() {
    let stage = Stage::new().await;
    stage.top_up(1, 500).await;
    let page = stage.page().get("/").await;
    assert_eq!(page.status, 200, "{}", page.text);
    if page.header("content-type").starts_with("text/html") {
        for asset in page.text.split('"').filter(|text| text.starts_with("/assets/")) {
            let file = stage.page().get(asset).await;
            assert_eq!(file.status, 200, "{asset}");
            assert!(file.header("cache-control").contains("immutable"), "{asset}");
        }
    } else {
        // Without Node, the gateway is built without the page, and must report that.
        assert!(page.text.contains("was not built"), "{}", page.text);
    }
    let balance = stage.page().as_user(1).get("/payments/account/balance").await;
    assert_eq!(balance.json(), json!({ "user_id": 1, "balance": 500 }));
    let url = format!("ws://127.0.0.1:{}/ws/orders?user_id=1", stage.gateway.ports()[1]);
    let mut socket = Socket::open(&url, &[]).await.unwrap();
    let id = stage.place(1, 200).await;
    socket.until(|message| message["order_id"] == json!(id) && message["status"] == "PAID").await;
    for client in [stage.anonymous(), stage.page()] {
        let info = client.get("/gateway/info").await.json();
        assert_eq!((&info["auth_mode"], &info["currency"]), (&json!("header"), &json!("RUB")));
    }
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call_and_another_may_not() {
    let stage = Stage::new().await;
    let allowed = "http://localhost:8080";
    let answer = preflight(&stage.anonymous(), allowed).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), allowed);
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    let headers = answer.header("access-control-allow-headers").to_lowercase();
    for name in ["content-type", "x-user-id", "idempotency-key"] {
        assert!(headers.contains(name), "{headers}");
    }
    let balance = stage.user(1).with_header("origin", allowed).get("/payments/account/balance").await;
    assert_eq!(balance.header("access-control-allow-origin"), allowed, "errors are readable for the page too");

    for foreign in ["http://evil.example", "null", "http://localhost:8080.evil.example"] {
        let answer = preflight(&stage.anonymous(), foreign).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{foreign}");
        let answer = stage.user(1).with_header("origin", foreign).get("/payments/account/balance").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{foreign}");
        let url = stage.socket_url(1, "/ws/orders");
        assert_eq!(Socket::open(&url, &[("origin", foreign)]).await.err(), Some(403), "{foreign}");
    }
    assert!(Socket::open(&stage.socket_url(1, "/ws/orders"), &[("origin", allowed)]).await.is_ok());
}

#[tokio::test]
async fn pages_for_operators_of_services_are_not_exposed() {
    let stage = Stage::new().await;
    for prefix in ["/orders", "/payments"] {
        for page in ["/metrics", "/metrics/", "/%6detrics", "/healthz", "/readyz"] {
            let path = format!("{prefix}{page}");
            problem::expect(&stage.user(1).get(&path).await, 404, "not_found", None, &path);
        }
    }
}

#[tokio::test]
async fn an_unavailable_service_is_503_and_the_rest_works() {
    let mut stage = Stage::new().await;
    stage.payments.kill();
    let answer = stage.user(1).get("/payments/account/balance").await;
    problem::expect(&answer, 503, "unavailable", None, "payments is down");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(stage.user(1).get("/orders/orders").await.status, 200);
    let id = stage.place(1, 10).await;
    stage.payments.start_again();
    let mut socket = stage.watch(1, &format!("/ws/orders/{id}")).await;
    let failed = socket.until(|message| message["status"] != "PENDING").await;
    assert_eq!(failed["reason"], "no_account", "the order waited for payments");
}

async fn preflight(client: &Client, origin: &str) -> TestResponse {
    client
        .with_header("origin", origin)
        .with_header("access-control-request-method", "POST")
        .with_header("access-control-request-headers", "content-type,x-user-id,idempotency-key")
        .send(Method::OPTIONS, "/orders/orders", None, "")
        .await
}
