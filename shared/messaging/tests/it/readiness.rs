//! Readiness depends only on the parts that a service runs.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming};
use rabbit_outbox::{Messaging, Subscriptions};
use testkit::eventually;

#[tokio::test]
async fn a_service_that_only_publishes_is_ready() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let relay = alpha.relay();
    assert_eq!(alpha.check(), Err("publishing: not started".to_owned()));
    stage.run(relay.run(stage.stopping()));
    eventually(Ok(()), async || alpha.check()).await;
    stage.stop().await;
    assert_eq!(alpha.check(), Err("publishing: stopped".to_owned()));
}

#[tokio::test]
async fn a_service_that_only_consumes_is_ready() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let consumer = beta.consumer(Subscriptions::new().on::<Ping>(WriteDown));
    assert_eq!(beta.check(), Err("consuming: not started".to_owned()));
    stage.run(consumer.run(stage.stopping()));
    consuming(&beta).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_service_that_does_neither_is_ready() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    assert_eq!(beta.check(), Ok(()));
}
