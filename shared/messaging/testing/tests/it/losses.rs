//! Events that are lost, and events that are not handled.

use crate::story::{SHORT, failure, harness, open_shop, pay, sell, sold};
use futures_util::future::join_all;
use rabbit_outbox::{HandleError, Meta, Subscriptions, Transaction};

#[tokio::test]
async fn a_lost_event_is_missed() {
    let harness = harness().await.with_limit(SHORT);
    let shop = harness.service("shop").await;
    let lost = sell(&shop, &sold(1), 1).await;
    sqlx::query("delete from outbox").execute(&harness.pool("shop").await).await.unwrap();
    harness.run("bank", Subscriptions::new().on_fn(pay)).await;
    harness.run("shop", Subscriptions::new()).await;
    sell(&shop, &sold(2), 1).await;
    let why = failure(harness.assert_no_loss()).await;
    assert!(why.contains(&format!("appended and not published: 1 (`shop.Sold.v1` {lost} of `shop`")), "{why}");
    assert!(why.contains("never published"), "{why}");
}

async fn hesitate(_: &mut Transaction, _: &crate::story::Sold, _: &Meta) -> Result<(), HandleError> {
    Err(HandleError::retry("not yet"))
}

#[tokio::test]
async fn an_event_that_waits_for_another_try_is_not_settled() {
    let harness = harness().await.with_limit(SHORT);
    harness.run("bank", Subscriptions::new().on_fn(hesitate)).await;
    harness.run("shop", Subscriptions::new()).await;
    sell(&harness.service("shop").await, &sold(1), 1).await;
    harness.assert_no_loss().await;
    let why = failure(harness.assert_settled()).await;
    assert!(why.contains("published and not handled: 1"), "{why}");
}

#[tokio::test]
async fn hundreds_of_events_settle() {
    let (harness, shop) = open_shop().await;
    for item in 0..300 {
        sell(&shop, &sold(item % 10), item + 1).await;
    }
    harness.assert_settled().await;
    harness.assert_key_order().await;
    harness.assert_no_dead_letters().await;
    assert_eq!(crate::story::balance(&harness).await, 3_000);
}

/// RabbitMQ 3.10 may lose the tracing of a virtual host if another one is created at the same moment.
#[tokio::test]
async fn tests_that_start_at_the_same_time_all_see_what_is_published() {
    let harnesses = join_all((0..24).map(|_| harness())).await;
    for harness in &harnesses {
        harness.run("bank", Subscriptions::new().on_fn(pay)).await;
        harness.run("shop", Subscriptions::new()).await;
        sell(&harness.service("shop").await, &sold(1), 1).await;
        harness.assert_settled().await;
    }
}
