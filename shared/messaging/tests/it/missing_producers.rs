//! A missing exchange of a service that was never deployed does not affect events of other services.

use crate::stage::{Stage, WriteDown, broker, consuming, count, handled, ping};
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use testkit::{eventually, eventually_within};

/// An event of a service that does not exist at first.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pong {
    n: i64,
}

impl Event for Pong {
    const TYPE: &'static str = "gamma.Pong.v1";

    fn ordering_key(&self) -> String {
        self.n.to_string()
    }
}

struct WriteDownPong;

impl Handle<Pong> for WriteDownPong {
    async fn handle(&self, tx: &mut Transaction, pong: &Pong, _meta: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into handled (n) values ($1)").bind(pong.n).execute(&mut **tx).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_missing_producer_delays_no_events_of_others() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let subscriptions = Subscriptions::new().on(WriteDown).on(WriteDownPong);
    stage.run(beta.consumer(subscriptions).run(stage.stopping()));

    eventually(true, async || beta.check().is_err_and(|why| why.ends_with("no exchange exists yet for gamma.Pong.v1")))
        .await;
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;

    broker.declare_exchange("gamma").await;
    consuming(&beta).await;
    broker.announce(&Pong { n: 2 }).await;
    eventually((2, 2), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_producer_that_comes_later_is_bound_to_while_deliveries_never_pause() {
    let (stage, broker) = (Stage::new().await, Arc::new(broker().await));
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let subscriptions = Subscriptions::new().on(WriteDown).on(WriteDownPong);
    stage.run(beta.consumer(subscriptions).run(stage.stopping()));
    eventually(true, async || beta.check().is_err_and(|why| why.contains("gamma.Pong.v1"))).await;
    let talking = tokio::spawn({
        let broker = Arc::clone(&broker);
        async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            for n in 0.. {
                ticks.tick().await;
                broker.announce(&ping(n)).await;
            }
        }
    });
    eventually(true, async || handled(&stage.beta).await.0 > 5).await;

    broker.declare_exchange("gamma").await;
    // The exchange is checked once a second.
    eventually_within(Duration::from_secs(2), Ok(()), async || beta.check()).await;
    talking.abort();
    broker.announce(&Pong { n: -1 }).await;
    let pongs = "select count(*) from handled where n = -1";
    eventually(1, async || count(&stage.beta, pongs).await).await;
    assert!(talking.await.is_err_and(|ended| ended.is_cancelled()));
    stage.stop().await;
}

#[tokio::test]
async fn an_exchange_that_was_deleted_by_hand_is_consumed_again_once_it_is_back() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    let connection = lapin::Connection::connect(broker.url(), lapin::ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for exchange in ["alpha", "beta.return"] {
        let options = lapin::options::ExchangeDeleteOptions::default();
        channel.exchange_delete(exchange.into(), options).await.unwrap();
    }
    eventually(true, async || beta.check().is_err_and(|why| why.contains("alpha.Ping.v1"))).await;
    broker.declare_exchange("alpha").await;
    consuming(&beta).await;
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    stage.stop().await;
}
