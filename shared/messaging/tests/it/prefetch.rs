//! The memory of a consumer is limited in bytes, not only in messages.

use crate::bare::BarePublisher;
use crate::stage::{Stage, broker, consuming, count, enveloped, new_id};
use lapin::BasicProperties;
use rabbit_outbox::{ConsumerOptions, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use testkit::eventually;
use tokio::sync::Semaphore;

const MIB: usize = 1024 * 1024;
const LARGE: u32 = 40;

/// An event of one mebibyte, which this crate would not publish but another producer may.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Large {
    filling: String,
}

impl Event for Large {
    const TYPE: &'static str = "alpha.Large.v1";

    fn ordering_key(&self) -> String {
        String::new()
    }
}

/// Handles as many as the test lets through.
struct Gated(Arc<Semaphore>);

impl Handle<Large> for Gated {
    async fn handle(&self, tx: &mut Transaction, _: &Large, _meta: &Meta) -> Result<(), HandleError> {
        let _permit = self.0.acquire().await.map_err(HandleError::retry)?;
        sqlx::query("insert into handled (n) values (1)").execute(&mut **tx).await?;
        Ok(())
    }
}

#[tokio::test]
async fn of_large_messages_only_so_many_are_prefetched_as_fit_into_the_limit() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let gate = Arc::new(Semaphore::new(1));
    let options = ConsumerOptions::default().with_prefetch_bytes(8 * MIB + MIB / 2);
    let consumer = beta.consumer(Subscriptions::new().on(Gated(Arc::clone(&gate)))).with_options(options);
    stage.run(consumer.run(stage.stopping()));
    consuming(&beta).await;
    let bare_publisher = BarePublisher::at(&broker).await;
    let publish = async || {
        let body = enveloped(new_id(), &Large { filling: "a".repeat(MIB) });
        bare_publisher.publish("alpha", Large::TYPE, BasicProperties::default(), body.as_bytes()).await;
    };
    let handled = async || count(&stage.beta, "select count(*) from handled").await;
    // The first one shows how large they are.
    publish().await;
    eventually(1, handled).await;

    let closed = gate.acquire().await.unwrap();
    for _ in 0..LARGE {
        publish().await;
    }
    // Eight are delivered to the handler, whose transaction waits; the others are in the broker.
    eventually(LARGE - 8, async || bare_publisher.ready("beta.inbox").await).await;
    drop(closed);
    eventually(i64::from(LARGE) + 1, handled).await;
    assert_eq!(beta.check(), Ok(()));
    stage.stop().await;
}
