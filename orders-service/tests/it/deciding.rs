//! What payments decided arrives once, twice, late, or for nobody.

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
async fn an_answer_about_an_unknown_order_ends_among_the_dead_letters() {
    let stage = Stage::new().await;
    let id = stage.place(1, "10").await;
    stage.pay(OrderId(Uuid::now_v7())).await;
    stage.pay(id).await;
    eventually(1, async || stage.count("dead_letters").await).await;
    stage.eventually_in(1, id, "PAID").await;
}
