//! Decisions of payments that arrive once, twice, late, or for an unknown order.

use crate::stage::Stage;
use contracts::ids::OrderId;
use contracts::payments::RefusalReason;
use serde_json::json;
use testkit::eventually;
use uuid::Uuid;

#[tokio::test]
async fn an_order_is_paid_or_fails_with_the_reason() {
    let stage = Stage::new().await;
    let (good, bad) = (stage.place(1, "10").await, stage.place(1, "20").await);
    stage.pay(good).await;
    stage.refuse(bad, RefusalReason::InsufficientFunds).await;
    stage.eventually_in(1, good, "PAID").await;
    stage.eventually_in(1, bad, "FAILED").await;
    let failed = stage.order(1, bad).await;
    assert_eq!((&failed["reason"], &failed["version"]), (&json!("insufficient_funds"), &json!(2)));
}

#[tokio::test]
async fn repeated_and_contradicting_answers_change_nothing() {
    let stage = Stage::new().await;
    let id = stage.place(1, "10").await;
    stage.pay(id).await;
    stage.eventually_in(1, id, "PAID").await;
    stage.pay(id).await;
    stage.refuse(id, RefusalReason::NoAccount).await;
    eventually(3, async || stage.count("inbox").await).await;
    let order = stage.order(1, id).await;
    assert_eq!((&order["status"], &order["version"], &order["reason"]), (&json!("PAID"), &json!(2), &json!(null)));
}

#[tokio::test]
async fn a_decision_about_an_unknown_order_becomes_a_dead_letter() {
    let stage = Stage::new().await;
    let id = stage.place(1, "10").await;
    stage.pay(OrderId(Uuid::now_v7())).await;
    stage.pay(id).await;
    eventually(1, async || stage.count("dead_letters").await).await;
    stage.eventually_in(1, id, "PAID").await;
}

#[tokio::test]
async fn payments_is_asked_again_about_an_order_without_an_answer() {
    let stage = Stage::with(&[("ORDER_PATIENCE_SECS", "1")]).await;
    let id = stage.place(1, "10").await;
    let asked = async || {
        let all = stage.broker.captured_events("orders").await;
        all.into_iter().filter(|event| event["data"]["order_id"] == json!(id)).collect::<Vec<_>>()
    };
    eventually(true, async || asked().await.len() >= 2).await;
    let events = asked().await;
    assert_eq!(events[0]["data"], events[1]["data"]);
    assert_eq!((&events[1]["type"], &events[1]["sequence"]), (&json!("orders.OrderCreated.v1"), &json!("1")));
    assert_ne!(events[0]["id"], events[1]["id"], "the old event is in the inbox of payments");

    stage.pay(id).await;
    stage.eventually_in(1, id, "PAID").await;
    assert_eq!(stage.order(1, id).await["version"], 2, "a repeated request does not change the order");
    // Requests sent before the decision get the same answer, and none are sent afterwards.
    let before = asked().await.len();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(asked().await.len(), before);
}
