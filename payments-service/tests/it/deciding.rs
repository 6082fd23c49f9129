//! An order is charged or refused exactly once, even if events are repeated, late or concurrent.

use crate::stage::{Stage, order};
use contracts::ids::EventId;
use serde_json::json;
use testkit::eventually;
use uuid::Uuid;

const COMPLETED: &str = "payments.PaymentCompleted.v1";

#[tokio::test]
async fn an_order_within_the_balance_is_charged() {
    let stage = Stage::new().await;
    stage.top_up(1, "500").await;
    let order = order(1, "199.90");
    stage.broker.announce(&order).await;
    stage.eventually_announced(order.order_id, &[COMPLETED]).await;
    assert_eq!(stage.balance(1).await, json!(300.1));
    stage.assert_books_balance().await;
}

#[tokio::test]
async fn an_order_beyond_the_balance_or_without_an_account_is_refused_with_the_reason() {
    let stage = Stage::new().await;
    stage.top_up(1, "100").await;
    let (dear, homeless) = (order(1, "100.01"), order(2, "1"));
    stage.broker.announce(&dear).await;
    stage.broker.announce(&homeless).await;
    stage.eventually_announced(dear.order_id, &["payments.PaymentFailed.v1 insufficient_funds"]).await;
    stage.eventually_announced(homeless.order_id, &["payments.PaymentFailed.v1 no_account"]).await;
    assert_eq!(stage.balance(1).await, json!(100));
    assert_eq!(stage.count("ledger").await, 1);
}

#[tokio::test]
async fn a_repeated_delivery_is_dropped_and_a_repeated_request_is_answered_again() {
    let stage = Stage::new().await;
    stage.top_up(1, "500").await;
    let (order, id) = (order(1, "200"), EventId(Uuid::now_v7()));
    for _ in 0..5 {
        stage.broker.announce_as(id, &order).await;
    }
    stage.eventually_announced(order.order_id, &[COMPLETED]).await;
    stage.broker.announce(&order).await;
    stage.eventually_announced(order.order_id, &[COMPLETED, COMPLETED]).await;
    assert_eq!(stage.balance(1).await, json!(300));
    assert_eq!(stage.count("order_payments").await, 1);
}

#[tokio::test]
async fn a_refused_order_stays_refused_after_a_top_up() {
    let stage = Stage::new().await;
    stage.top_up(1, "100").await;
    let order = order(1, "200");
    let refused = "payments.PaymentFailed.v1 insufficient_funds";
    stage.broker.announce(&order).await;
    stage.eventually_announced(order.order_id, &[refused]).await;
    stage.top_up(1, "1000").await;
    stage.broker.announce(&order).await;
    stage.eventually_announced(order.order_id, &[refused, refused]).await;
    assert_eq!(stage.balance(1).await, json!(1100));
}

#[tokio::test]
async fn a_request_with_another_amount_becomes_a_dead_letter() {
    let stage = Stage::new().await;
    stage.top_up(1, "500").await;
    let first = order(1, "200");
    stage.broker.announce(&first).await;
    stage.eventually_announced(first.order_id, &[COMPLETED]).await;
    let mut forged = order(1, "1");
    forged.order_id = first.order_id;
    stage.broker.announce(&forged).await;
    eventually(1, async || stage.count("dead_letters").await).await;
    assert_eq!(stage.balance(1).await, json!(300));
}

#[tokio::test]
async fn two_hundred_concurrent_orders_never_overdraw_one_balance() {
    let stage = Stage::new().await;
    stage.top_up(1, "1000").await;
    let orders: Vec<_> = (0..200).map(|_| order(1, "7.50")).collect();
    // All concurrently, and each of them twice.
    let announcing = orders.iter().flat_map(|order| [order, order]).map(|order| stage.broker.announce(order));
    futures_util::future::join_all(announcing).await;
    eventually(200, async || stage.count("order_payments").await).await;

    let completed: i64 = sqlx::query_scalar("select count(*) from order_payments where decision = 'completed'")
        .fetch_one(&stage.pool)
        .await
        .unwrap();
    assert_eq!(completed, 133, "1000 / 7.50");
    eventually(400, async || stage.broker.messages("captured.payments").await).await;
    assert_eq!(stage.balance(1).await, json!(2.5));
    stage.assert_books_balance().await;
}

#[tokio::test]
async fn a_service_killed_again_and_again_charges_every_order_once() {
    let mut stage = Stage::new().await;
    stage.top_up(1, "100000").await;
    let mut announced = 0;
    for _ in 0..5 {
        for _ in 0..40 {
            stage.broker.announce(&order(1, "1")).await;
            announced += 1;
        }
        stage.program.kill();
        stage.program.start_again();
    }
    stage.program.ready().await;
    eventually(announced, async || stage.count("order_payments").await).await;
    eventually(0, async || stage.count("outbox").await).await;
    assert_eq!(stage.balance(1).await, json!(100_000 - announced));
    assert_eq!(stage.count("ledger").await, announced + 1);
    stage.assert_books_balance().await;
}
