//! Which requests are allowed in development mode.

use crate::client::{anonymous, as_user, fetch};
use crate::stage::echoing;
use http::StatusCode;

#[tokio::test]
async fn the_user_is_forwarded_to_the_service() {
    let (stage, service) = echoing().await;
    let request = anonymous("GET", stage.api, "/orders/orders").header("x-USER-id", "42");
    assert_eq!(fetch(request).await.status, StatusCode::OK);
    assert_eq!(service.received.only().headers["x-user-id"], "42");
}

#[tokio::test]
async fn a_missing_or_malformed_user_never_reaches_the_service() {
    let (stage, service) = echoing().await;
    for path in ["/orders/orders", "/payments/account", "/orders", "/orders/docsx", "/ws/orders"] {
        let answer = fetch(anonymous("POST", stage.api, path)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.problem(), "unauthenticated");
    }
    for user in ["", "0", "-1", "abc", "1, 2", "1.0", "9223372036854775808"] {
        let request = anonymous("GET", stage.api, "/orders/orders").header("X-User-ID", user);
        assert_eq!(fetch(request).await.status, StatusCode::UNAUTHORIZED, "{user}");
    }
    let twice = as_user("GET", stage.api, "/orders/orders").header("X-User-ID", "1");
    assert_eq!(fetch(twice).await.problem(), "unauthenticated");
    let query = anonymous("GET", stage.api, "/orders/orders?user_id=1");
    assert_eq!(fetch(query).await.problem(), "unauthenticated");
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn documentation_needs_no_user_and_none_is_forwarded() {
    let (stage, service) = echoing().await;
    let request = as_user("GET", stage.api, "/orders/openapi.json");
    assert_eq!(fetch(request).await.status, StatusCode::OK);
    assert!(!service.received.only().headers.contains_key("x-user-id"));
    let info = fetch(anonymous("GET", stage.ui, "/gateway/info")).await;
    assert_eq!(
        info.text(),
        r#"{"auth_mode":"header","currency":"RUB","share_url":"http://localhost:8090","version":"0.1.0"}"#
    );
}

#[tokio::test]
async fn dns_rebinding_is_rejected() {
    let (stage, service) = echoing().await;
    let request = as_user("GET", stage.ui, "/orders/orders").header("Host", "evil.example:8080");
    let answer = fetch(request).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    assert_eq!(answer.problem(), "misdirected");
    assert!(service.received.heads().is_empty());
}

#[tokio::test]
async fn operations_pages_need_a_user_and_are_not_on_the_links_listener() {
    let (stage, service) = echoing().await;
    for prefix in ["/orders", "/payments", "/ocr", "/small-router"] {
        let path = format!("{prefix}/operations/dead-letters");
        assert_eq!(fetch(anonymous("GET", stage.api, &path)).await.problem(), "unauthenticated", "{path}");
        for address in [stage.api, stage.ui] {
            assert_eq!(fetch(as_user("GET", address, &path)).await.status, StatusCode::OK, "{path}");
        }
        for path in [path, format!("{prefix}/operations"), format!("{prefix}/%6Fperations/messaging")] {
            assert_eq!(fetch(as_user("GET", stage.links, &path)).await.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(fetch(as_user("POST", stage.links, &path)).await.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert!(service.received.heads().iter().all(|head| head.line == "GET /operations/dead-letters"));
}
