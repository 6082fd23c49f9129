//! Logs can be searched by the ids of a request, and do not contain user data.

use crate::stage::Stage;
use http::Method;
use serde_json::Value;
use testkit::{Client, Socket, TestResponse, unique};

/// Used in every field that a user can fill.
const PRIVATE: &str = "hush5e7f";

#[tokio::test]
async fn user_data_is_not_logged_and_each_refusal_can_be_found() {
    let file = std::env::temp_dir().join(format!("{}.log", unique("e2e")));
    let mut stage = Stage::logging_to(&file).await;
    let mut answers = send_private_things(&stage).await;
    let url = format!("{}&ticket={PRIVATE}", stage.socket_url(1, "/ws/orders"));
    Socket::open(&url, &[("cookie", PRIVATE), ("origin", "http://localhost:8080")]).await.unwrap().next().await;
    stage.payments.kill();
    answers.push(top_up(&stage.user(1), PRIVATE).await);
    stage.gateway.stop().await;
    stage.orders.stop().await;

    let log = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "no JSON: {line}");
        assert!(!line.contains(PRIVATE), "user data is logged: {line}");
    }
    for answer in answers {
        let request_id = answer.header("x-request-id").to_owned();
        let found: Vec<&str> = log.lines().filter(|line| line.contains(&request_id)).collect();
        assert!(!found.is_empty(), "no log line for {answer:?}");
        if let Some(trace_id) = answer.json()["trace_id"].as_str() {
            assert!(found.iter().any(|line| line.contains(trace_id)), "{found:?} do not name {trace_id}");
        }
    }
}

async fn send_private_things(stage: &Stage) -> Vec<TestResponse> {
    let client =
        stage.user(1).with_header("authorization", &format!("Bearer {PRIVATE}")).with_header("cookie", PRIVATE);
    let keyed = client.with_header("idempotency-key", PRIVATE);
    let mut answers = vec![
        keyed.post("/orders/orders", &format!(r#"{{"amount": 1, "description": "{PRIVATE}"}}"#)).await,
        keyed.post("/orders/orders", &format!(r#"{{"amount": 2, "description": "{PRIVATE}"}}"#)).await,
        client.send(Method::POST, "/orders/orders", Some(PRIVATE), PRIVATE).await,
        client.get(&format!("/orders/orders?cursor={PRIVATE}")).await,
        client.get(&format!("/orders/orders/{PRIVATE}")).await,
        client.get(&format!("/{PRIVATE}")).await,
        stage.anonymous().with_header("x-user-id", PRIVATE).get("/orders/orders").await,
        stage
            .user(1)
            .with_header("traceparent", PRIVATE)
            .with_header("x-request-id", PRIVATE)
            .get("/orders/orders")
            .await,
    ];
    for body in [
        format!(r#"{{"amount": "{PRIVATE}"}}"#),
        format!(r#"{{"amount": 1, "{PRIVATE}": 1}}"#),
        format!(r#"{{"amount": {PRIVATE}"#),
        PRIVATE.to_owned(),
    ] {
        answers.push(top_up(&client, &body).await);
    }
    answers
}

async fn top_up(client: &Client, body: &str) -> TestResponse {
    client.post("/payments/account/topup", body).await
}
