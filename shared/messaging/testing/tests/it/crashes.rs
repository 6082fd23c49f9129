//! Relays that crash at every step.

use crate::story::{SHORT, Sold, balance, failure, harness, open_shop, sell, sold};
use rabbit_outbox::CancellationToken;
use rabbit_outbox_testing::At;

#[tokio::test]
async fn a_crash_at_any_step_loses_and_doubles_nothing() {
    for at in At::ALL {
        let (harness, shop) = open_shop().await;
        sell(&shop, &sold(1), 1).await;
        harness.assert_settled().await;
        harness.crash_relay("shop", at).await;
        let mut tx = shop.begin().await.unwrap();
        let ids: Vec<_> = (2..=20).map(|sequence| tx.append(&sold(1), sequence).unwrap()).collect();
        tx.commit().await.unwrap();
        harness.assert_relay_crashed("shop", 1).await;
        harness.assert_no_loss().await;
        for id in &ids {
            harness.assert_handled_once(*id).await;
        }
        harness.assert_settled().await;
        let repeated = async || ids.iter().filter(|id| harness.publications(**id) > 1).count();
        match at {
            At::BeforePublish => assert_eq!(repeated().await, 0),
            At::AfterPublish => harness.eventually(true, async || repeated().await > 0).await,
            At::AfterConfirm => harness.eventually(ids.len(), repeated).await,
        }
        harness.assert_published_times::<Sold>(20, |_| true).await;
        harness.assert_key_order().await;
        harness.assert_no_dead_letters().await;
        assert_eq!(balance(&harness).await, 200, "{at:?}");
    }
}

#[tokio::test]
async fn a_relay_that_crashes_again_and_again_gets_there() {
    let (harness, shop) = open_shop().await;
    for round in 1..=3 {
        harness.crash_relay("shop", At::AfterConfirm).await;
        sell(&shop, &sold(1), round.into()).await;
        harness.assert_relay_crashed("shop", round).await;
    }
    harness.assert_no_dead_letters().await;
    assert_eq!(balance(&harness).await, 30);
}

#[tokio::test]
async fn a_crash_that_does_not_come_is_missed() {
    let (harness, _) = open_shop().await;
    let harness = harness.with_limit(SHORT);
    harness.crash_relay("shop", At::AfterPublish).await;
    let why = failure(harness.assert_relay_crashed("shop", 1)).await;
    assert!(why.contains("the relay of `shop` has crashed 0 times, not 1"), "{why}");
}

#[tokio::test]
async fn a_relay_that_does_not_run_can_not_crash() {
    let harness = harness().await;
    let why = failure(harness.crash_relay("shop", At::AfterPublish)).await;
    assert!(why.contains("the relay of `shop` does not run"), "{why}");
    // A relay that the test runs itself is not known to the harness.
    let stopping = CancellationToken::new();
    stopping.cancel();
    harness.service("shop").await.relay().run(stopping).await.unwrap();
}
