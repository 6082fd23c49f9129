//! A schema belongs to one service: two would treat each other's events as duplicates.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming, handled, ping};
use rabbit_outbox::{Messaging, RunError, Subscriptions};
use testkit::eventually;

#[tokio::test]
async fn the_second_service_of_a_schema_ends_and_says_why_and_the_first_goes_on() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;

    let gamma = Messaging::new("gamma", stage.beta.clone(), broker.url());
    let consumer = gamma.consumer(Subscriptions::new().on::<Ping>(WriteDown));
    let RunError::SchemaOfAnother { service, owner } =
        tokio::spawn(consumer.run(stage.stopping())).await.unwrap().unwrap_err()
    else {
        panic!("another error")
    };
    assert_eq!((service.as_str(), owner.as_str()), ("gamma", "beta"));
    let why = "the schema belongs to the service `beta`: give `gamma` its own schema";
    assert_eq!(gamma.check(), Err(format!("consuming: ended: {why}")));
    let refused = tokio::spawn(gamma.relay().run(stage.stopping())).await.unwrap();
    assert!(matches!(refused, Err(RunError::SchemaOfAnother { .. })), "{refused:?}");
    assert!(gamma.check().unwrap_err().contains(&format!("publishing: ended: {why}")));

    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}

#[tokio::test]
async fn replicas_of_one_service_share_its_schema() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    for _ in 0..2 {
        let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
        stage.run(beta.relay().run(stage.stopping()));
        stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
        consuming(&beta).await;
    }
    stage.stop().await;
}
