//! Invalid input gets a problem document that names the cause, and nothing is written.

use crate::problem;
use crate::stage::Stage;
use http::Method;
use testkit::Socket;

/// Endpoints that accept JSON.
const POSTS: [&str; 2] = ["/orders/orders", "/payments/account/topup"];

/// Every table that a request could write to.
const TABLES: [&str; 8] = [
    "orders.orders",
    "orders.outbox",
    "orders.idempotency_keys",
    "payments.accounts",
    "payments.ledger",
    "payments.order_payments",
    "payments.outbox",
    "payments.idempotency_keys",
];

async fn nothing_is_written(stage: &Stage) {
    for table in TABLES {
        assert_eq!(stage.count(table).await, 0, "rows of {table}");
    }
}

#[tokio::test]
async fn an_invalid_field_is_422_with_its_pointer() {
    let stage = Stage::new().await;
    let bodies = [
        (r#"{"amount": 0}"#, "/amount"),
        (r#"{"amount": -5}"#, "/amount"),
        (r#"{"amount": 1e400}"#, "/amount"),
        (r#"{"amount": "abc"}"#, "/amount"),
        (r#"{"amount": 499.999}"#, "/amount"),
        ("{}", "/amount"),
        (r#"{"amount": 500, "currency": "EUR"}"#, "/currency"),
    ];
    for path in POSTS {
        for (index, (body, pointer)) in bodies.iter().enumerate() {
            let client = stage.user(1).with_header("idempotency-key", &format!("bad-{index}"));
            let answer = client.post(path, body).await;
            problem::expect(&answer, 422, "invalid_request", Some(pointer), &format!("{path} {body}"));
        }
    }
    nothing_is_written(&stage).await;
}

#[tokio::test]
async fn invalid_json_is_400_and_another_content_type_is_415() {
    let stage = Stage::new().await;
    for path in POSTS {
        for body in ["", r#"{"amount": 5"#, "amount=5"] {
            let answer = stage.user(1).post(path, body).await;
            problem::expect(&answer, 400, "invalid_json", None, &format!("{path} {body}"));
        }
        for content_type in [Some("text/plain"), Some("application/x-www-form-urlencoded"), None] {
            let answer = stage.user(1).send(Method::POST, path, content_type, r#"{"amount": 5}"#).await;
            problem::expect(&answer, 415, "unsupported_media_type", None, &format!("{path} {content_type:?}"));
        }
    }
    nothing_is_written(&stage).await;
}

#[tokio::test]
async fn a_missing_or_malformed_user_is_401_and_reaches_no_service() {
    let stage = Stage::new().await;
    for path in POSTS {
        let answer = stage.anonymous().post(path, r#"{"amount": 5}"#).await;
        problem::expect(&answer, 401, "unauthenticated", None, path);
        for user in ["abc", "0", "-1", "1.5", "9223372036854775808", ""] {
            let client = stage.anonymous().with_header("x-user-id", user);
            let answer = client.post(path, r#"{"amount": 5}"#).await;
            problem::expect(&answer, 401, "unauthenticated", None, &format!("{path} as user {user:?}"));
        }
    }
    let url = format!("ws://127.0.0.1:{}/ws/orders", stage.gateway.port());
    for query in ["", "?user_id=abc", "?user_id=0", "?user_id="] {
        assert_eq!(Socket::open(&format!("{url}{query}"), &[]).await.err(), Some(401), "{query}");
    }
    nothing_is_written(&stage).await;
}

#[tokio::test]
async fn an_unknown_order_or_one_of_another_user_is_404() {
    let stage = Stage::new().await;
    let id = stage.place(1, 10).await;
    let unknown = uuid::Uuid::now_v7().to_string();
    for (user, id) in [(2, id.as_str()), (1, &unknown), (1, "nonsense"), (1, "1")] {
        let about = format!("{id} as {user}");
        let answer = stage.user(user).get(&format!("/orders/orders/{id}")).await;
        problem::expect(&answer, 404, "order_not_found", None, &about);
        let socket = stage.socket_url(user, &format!("/ws/orders/{id}"));
        assert_eq!(Socket::open(&socket, &[]).await.err(), Some(404), "{about}");
    }
    assert_eq!(stage.count("orders.orders").await, 1);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_a_wrong_address_404() {
    let stage = Stage::new().await;
    for path in POSTS {
        for method in [Method::DELETE, Method::PUT, Method::PATCH] {
            let answer = stage.user(1).send(method.clone(), path, Some("application/json"), "{}").await;
            problem::expect(&answer, 405, "method_not_allowed", None, &format!("{method} {path}"));
            assert!(answer.header("allow").contains("POST"), "{method} {path}: {:?}", answer.headers);
        }
    }
    for path in ["/", "/nowhere", "/orders", "/orders/", "/orders/nowhere", "/payments/nowhere", "/ws/nowhere"] {
        let answer = stage.user(1).get(path).await;
        problem::expect(&answer, 404, "not_found", None, path);
    }
    nothing_is_written(&stage).await;
}

#[tokio::test]
async fn a_wrong_page_of_a_list_is_422() {
    let stage = Stage::new().await;
    for query in ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "status=paid"] {
        let answer = stage.user(1).get(&format!("/orders/orders?{query}")).await;
        problem::expect(&answer, 422, "invalid_request", None, query);
    }
    let answer = stage.user(1).get("/payments/account/balance").await;
    problem::expect(&answer, 404, "account_not_found", None, "the account does not exist yet");
    nothing_is_written(&stage).await;
}
