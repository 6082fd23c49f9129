//! Which events were published, and how many times.

use crate::story::{SHORT, Sold, balance, failure, harness, open_shop, sell, sold};
use rabbit_outbox::Subscriptions;

#[tokio::test]
async fn what_is_sold_is_published_and_paid() {
    let (harness, shop) = open_shop().await;
    let id = sell(&shop, &sold(3), 1).await;
    harness.assert_published::<Sold>(|event| event.item == 3).await;
    harness.assert_published_times::<Sold>(1, |event| event.item == 3).await;
    harness.assert_handled_once(id).await;
    harness.assert_no_dead_letters().await;
    harness.assert_no_loss().await;
    harness.eventually(10, async || balance(&harness).await).await;
}

#[tokio::test]
async fn an_event_that_was_not_appended_is_missed() {
    let (harness, shop) = open_shop().await;
    let harness = harness.with_limit(SHORT);
    sell(&shop, &sold(3), 1).await;
    harness.assert_no_loss().await;
    let why = failure(harness.assert_published::<Sold>(|event| event.item == 4)).await;
    assert!(why.contains("no matching event `shop.Sold.v1` was published; others: 1"), "{why}");
    assert!(why.contains(r#"{"item":3,"price":10}"#), "{why}");
    let why = failure(harness.assert_published_times::<Sold>(2, |_| true)).await;
    assert!(why.contains("1 matching events `shop.Sold.v1` were published, not 2"), "{why}");
    let why = failure(harness.assert_published_times::<Sold>(0, |_| true)).await;
    assert!(why.contains("not 0"), "{why}");
}

#[tokio::test]
async fn what_was_rolled_back_is_not_expected() {
    let (harness, shop) = open_shop().await;
    let mut tx = shop.begin().await.unwrap();
    tx.append(&sold(1), 1).unwrap();
    tx.rollback().await.unwrap();
    harness.assert_no_loss().await;
    harness.assert_published_times::<Sold>(0, |_| true).await;
}

#[tokio::test]
async fn an_event_without_a_queue_is_not_published() {
    let harness = harness().await.with_limit(SHORT);
    harness.run("shop", Subscriptions::new()).await;
    sell(&harness.service("shop").await, &sold(1), 1).await;
    let why = failure(harness.assert_no_loss()).await;
    assert!(why.contains("no queue is bound"), "{why}");
    failure(harness.assert_published::<Sold>(|_| true)).await;
}
