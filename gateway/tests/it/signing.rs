//! Which gateway token a service receives.

use crate::client::{anonymous, fetch, send};
use crate::service::Service;
use crate::stage::{before, key};
use axum::{Router, middleware};
use http::StatusCode;
use identity::{InternalAuth, require_gateway_token};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Error;

/// A service that verifies tokens as orders-service does, at the address of all services.
async fn orders_service() -> Service {
    let keys = Some(key("orders").parse().unwrap());
    let auth = InternalAuth::new("orders-service", keys, "127.0.0.1:1".parse().unwrap()).unwrap();
    Service::start(|_| {
        Router::new().fallback(|| async { "served" }).layer(middleware::from_fn_with_state(auth, require_gateway_token))
    })
    .await
}

#[tokio::test]
async fn a_service_accepts_every_request_that_the_gateway_forwards_to_it_and_none_for_another() {
    let service = orders_service().await;
    let stage = before(service.address).with_keys().with("--auth-mode=header").start().await;
    let paths =
        ["", "/", "/orders", "/a%20b/%D1%8F", "/orders?", "/orders?limit=5&x=%2F%3f", "/orders?a=b?c", "/a;b=1/c,d"];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            let status = |prefix: &str| {
                let request = anonymous(method, stage.api, &format!("{prefix}{path}")).header("x-user-id", "7");
                async move { fetch(request).await.status }
            };
            assert_eq!(status("/orders").await, StatusCode::OK, "{method} {path}");
            assert_eq!(status("/payments").await, StatusCode::UNAUTHORIZED, "{method} {path}");
        }
    }
    let with_body = anonymous("POST", stage.api, "/orders/orders").header("x-user-id", "7").body("a body".into());
    assert_eq!(send(with_body.unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_handshake_of_a_socket_is_signed_without_its_credentials() {
    let service = orders_service().await;
    let stage = before(service.address).with_keys().with("--auth-mode=header").start().await;
    for query in ["user_id=7", "user_id=7&a=b", "a=b&user_id=7"] {
        let outcome = connect_async(format!("ws://{}/ws/orders?{query}", stage.api)).await;
        // The service does not upgrade; only its authentication matters.
        let Err(Error::Http(answer)) = outcome else { panic!("{query}: {outcome:?}") };
        assert_ne!(answer.status(), StatusCode::UNAUTHORIZED, "{query}");
    }
    assert_eq!(service.received.heads().len(), 3);
}
