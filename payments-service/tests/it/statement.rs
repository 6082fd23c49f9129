//! The statement: all movements, newest first, with the balance after each.

use crate::stage::{Stage, order};
use serde_json::json;
use testkit::eventually;

#[tokio::test]
async fn every_movement_is_listed_newest_first() {
    let stage = Stage::new().await;
    assert_eq!(stage.user(1).get("/account/transactions").await.status, 404);
    stage.top_up(1, "500").await;
    let order = order(1, "199.90");
    stage.broker.announce(&order).await;
    eventually(json!(300.1), async || stage.balance(1).await).await;
    let lines = stage.user(1).get("/account/transactions").await.json();
    let (payment, topup) = (&lines[0], &lines[1]);
    assert_eq!(payment["kind"], "payment");
    assert_eq!(payment["amount"], json!(-199.9));
    assert_eq!(payment["order_id"], json!(order.order_id));
    assert_eq!(payment["balance_after"], json!(300.1));
    assert_eq!((&topup["kind"], &topup["amount"]), (&json!("topup"), &json!(500)));
    assert_eq!(topup.get("order_id"), None);
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_overlaps() {
    let stage = Stage::new().await;
    for amount in 1..=7 {
        stage.top_up(1, &amount.to_string()).await;
    }
    let user = stage.user(1).with_header("x-forwarded-prefix", "/payments");
    let (mut path, mut amounts) = ("/account/transactions?limit=3".to_owned(), vec![]);
    loop {
        let page = user.get(&path).await;
        amounts.extend(page.json().as_array().unwrap().iter().map(|line| line["amount"].as_i64().unwrap()));
        let Some(next) = page.header("link").strip_prefix("</payments") else { break };
        path = next.split('>').next().unwrap().to_owned();
    }
    assert_eq!(amounts, [7, 6, 5, 4, 3, 2, 1]);
}
