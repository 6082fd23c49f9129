//! Which pages may read responses.

use crate::client::{TestResponse, anonymous, as_user, fetch};
use crate::stage::{ORIGIN, echoing};
use http::StatusCode;

const FOREIGN: [&str; 5] =
    ["null", "http://evil.example", "https://localhost:8080", "http://localhost:80801", "http://LOCALHOST:8080"];

#[tokio::test]
async fn an_allowed_page_may_read_responses_and_errors() {
    let (stage, _service) = echoing().await;
    for request in [
        as_user("GET", stage.api, "/orders/orders"),
        anonymous("GET", stage.api, "/orders/orders"),
        anonymous("GET", stage.api, "/nowhere"),
    ] {
        let answer = fetch(request.header("Origin", ORIGIN)).await;
        assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
        let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
        for name in ["Link", "Location", "X-Request-ID", "Idempotency-Replayed", "Retry-After"] {
            assert!(exposed.contains(name), "{name}");
        }
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
        assert!(varies_by_origin(&answer));
    }
}

#[tokio::test]
async fn other_pages_get_responses_without_cors_headers() {
    let (stage, service) = echoing().await;
    for origin in FOREIGN {
        let answer = fetch(as_user("GET", stage.api, "/orders/orders").header("Origin", origin)).await;
        assert_eq!(answer.status, StatusCode::OK, "{origin}");
        assert!(is_without_cors(&answer), "{origin}");
        assert!(varies_by_origin(&answer));
    }
    let program = fetch(as_user("GET", stage.api, "/orders/orders")).await;
    assert!(is_without_cors(&program) && varies_by_origin(&program));
    assert_eq!(service.received.heads().len(), FOREIGN.len() + 1);
}

#[tokio::test]
async fn preflights_are_answered_by_the_gateway() {
    let (stage, service) = echoing().await;
    let preflight = |origin: &str| {
        anonymous("OPTIONS", stage.api, "/orders/orders")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type,x-user-id")
    };
    let answer = fetch(preflight(ORIGIN)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["access-control-allow-origin"], ORIGIN);
    let methods = answer.headers["access-control-allow-methods"].to_str().unwrap();
    assert!(methods.contains("PATCH"), "{methods}");
    let headers = answer.headers["access-control-allow-headers"].to_str().unwrap();
    for name in ["Content-Type", "X-User-ID", "Idempotency-Key", "Authorization", "traceparent"] {
        assert!(headers.contains(name), "{name}");
    }
    assert!(answer.headers.contains_key("access-control-max-age"));
    for origin in FOREIGN {
        let answer = fetch(preflight(origin)).await;
        assert!(is_without_cors(&answer), "{origin}");
        assert!(varies_by_origin(&answer));
    }
    assert!(service.received.heads().is_empty());
    let plain = as_user("OPTIONS", stage.api, "/orders/orders");
    assert_eq!(fetch(plain).await.status, StatusCode::OK);
    assert_eq!(service.received.only().line, "OPTIONS /orders");
}

fn is_without_cors(answer: &TestResponse) -> bool {
    !answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"))
}

fn varies_by_origin(answer: &TestResponse) -> bool {
    answer.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("Origin"))
}
