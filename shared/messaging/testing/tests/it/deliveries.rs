//! Direct deliveries, repeated or in another order.

use crate::story::{SHORT, Sold, balance, failure, harness, pay, sold};
use rabbit_outbox::{EventId, Subscriptions};
use rabbit_outbox_testing::{Delivered, Message};
use uuid::Uuid;

#[tokio::test]
async fn a_handler_that_is_not_idempotent_handles_a_duplicate_once() {
    let harness = harness().await;
    harness.subscribe("bank", Subscriptions::new().on_fn(pay)).await;
    let delivery = harness.deliver_twice(&sold(1)).await;
    let done = ("bank".to_owned(), Delivered::Done);
    assert_eq!(delivery.outcomes, [done.clone(), done]);
    harness.assert_handled_once(delivery.event_id).await;
    assert_eq!(balance(&harness).await, 10);
}

#[tokio::test]
async fn a_broken_inbox_is_found_out() {
    let harness = harness().await;
    let bank = harness.pool("bank").await;
    // What a broken inbox would do.
    sqlx::raw_sql(
        "create function forget() returns trigger language plpgsql as
             $$ begin delete from inbox where event_id = new.event_id; return null; end $$;
         create trigger forget after insert on inbox for each row execute function forget();",
    )
    .execute(&bank)
    .await
    .unwrap();
    harness.subscribe("bank", Subscriptions::new().on_fn(pay)).await;
    let delivery = harness.deliver_twice(&sold(1)).await;
    let why = failure(harness.assert_handled_once(delivery.event_id)).await;
    assert!(why.contains("`bank` has handled event") && why.contains("2 times"), "{why}");
    assert!(why.starts_with("shared/messaging/testing/tests/it/deliveries.rs:"), "{why}");
}

#[tokio::test]
async fn an_unhandled_event_is_not_handled_once() {
    let harness = harness().await.with_limit(SHORT);
    let why = failure(harness.assert_handled_once(EventId(Uuid::now_v7()))).await;
    assert!(why.contains("no service has handled event"), "{why}");
}

#[tokio::test]
async fn a_delivery_without_a_handler_is_a_mistake_of_the_test() {
    let harness = harness().await;
    let why = failure(async { drop(harness.deliver(&sold(1)).await) }).await;
    assert!(why.contains("no service handles `shop.Sold.v1`"), "{why}");
}

#[tokio::test]
async fn messages_come_in_the_order_that_was_asked_for() {
    let harness = harness().await;
    harness.subscribe("bank", Subscriptions::new().on_fn(pay)).await;
    let messages: Vec<Message> = (1..=8).map(|item| Message::of(&sold(item))).collect();
    let ids = |deliveries: &[rabbit_outbox_testing::Delivery]| -> Vec<EventId> {
        deliveries.iter().map(|delivery| delivery.event_id).collect()
    };
    let published: Vec<EventId> = messages.iter().map(Message::event_id).collect();

    let mut backwards = ids(&harness.deliver_out_of_order(messages.clone()).await);
    backwards.reverse();
    assert_eq!(backwards, published);

    let shuffled = ids(&harness.deliver_shuffled(messages.clone(), 7).await);
    assert_ne!(shuffled, published);
    assert_eq!(shuffled, ids(&harness.deliver_shuffled(messages, 7).await));
    assert_eq!(balance(&harness).await, 80, "each once, however often it was delivered");
}

#[tokio::test]
async fn a_dead_letter_is_found() {
    let harness = harness().await;
    harness.subscribe("bank", Subscriptions::new().on_fn(pay)).await;
    harness.assert_no_dead_letters().await;
    let delivery = harness.deliver(&Sold { item: 1, price: -1 }).await;
    assert!(matches!(delivery.outcomes[0].1, Delivered::GivenUp(_)), "{delivery:?}");
    let why = failure(harness.assert_no_dead_letters()).await;
    assert!(why.contains("dead letters: 1") && why.contains("a price below nothing"), "{why}");
}

#[tokio::test]
#[expect(deprecated, reason = "the former name stays for one release")]
async fn the_former_name_of_subscribe_means_the_same() {
    let harness = harness().await;
    harness.hear("bank", Subscriptions::new().on_fn(pay)).await;
    assert_eq!(harness.deliver(&sold(1)).await.outcomes, [("bank".to_owned(), Delivered::Done)]);
}
