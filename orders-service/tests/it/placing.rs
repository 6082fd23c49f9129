//! An order is placed and announced in one commit.

use crate::stage::Stage;
use serde_json::json;
use testkit::eventually;

#[tokio::test]
async fn a_placed_order_is_pending_and_announced() {
    let stage = Stage::new().await;
    let user = stage.user(1).with_header("x-forwarded-prefix", "/orders");
    let answer = user.post("/orders", r#"{"amount": 499.90, "description": "чай"}"#).await;
    assert_eq!(answer.status, 201);
    let order = answer.json();
    let id = order["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/orders/orders/{id}"));
    assert_eq!(
        order,
        json!({
            "id": id, "user_id": 1, "amount": 499.9, "description": "чай", "status": "PENDING", "reason": null,
            "version": 1, "created_at": order["created_at"], "updated_at": order["created_at"],
        })
    );
    assert_eq!(stage.user(1).get(&format!("/orders/{id}")).await.json(), order);

    eventually(1, async || stage.broker.messages("captured.orders").await).await;
    let event = stage.broker.captured_events("orders").await.remove(0);
    assert_eq!(event["type"], "orders.OrderCreated.v1");
    assert_eq!((&event["subject"], &event["sequence"]), (&json!(id), &json!("1")));
    assert_eq!(event["data"], json!({ "order_id": id, "user_id": 1, "amount": 499.9 }));
}

#[tokio::test]
async fn the_trace_of_the_request_is_the_trace_of_the_event() {
    let stage = Stage::new().await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    stage.user(1).with_header("traceparent", traceparent).post("/orders", r#"{"amount": 1}"#).await;
    eventually(1, async || stage.broker.messages("captured.orders").await).await;
    let event = stage.broker.captured_events("orders").await.remove(0);
    let trace = event["traceparent"].as_str().unwrap();
    assert_eq!(&trace[..36], &traceparent[..36], "the trace is the same");
    assert_ne!(&trace[36..], &traceparent[36..], "the span is another");
}

#[tokio::test]
async fn the_same_key_places_one_order() {
    let stage = Stage::new().await;
    let user = stage.user(1).with_header("idempotency-key", "k");
    let all = (0..20).map(|_| user.post("/orders", r#"{"amount": 10}"#));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status.as_u16())));
    let again = user.post("/orders", r#"{"amount": 10}"#).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert!(again.header("location").contains(again.json()["id"].as_str().unwrap()));
    assert_eq!(user.post("/orders", r#"{"amount": 11}"#).await.status, 422);
    assert_eq!(stage.count("orders").await, 1);
    eventually(1, async || stage.broker.messages("captured.orders").await).await;
}
