//! Readiness depends only on the parts that a service runs.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming};
use rabbit_outbox::{Messaging, Subscriptions};
use sqlx::postgres::PgPoolOptions;
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

#[tokio::test]
async fn a_relay_that_can_never_begin_a_session_is_not_ready() {
    let (stage, broker) = (Stage::new().await, broker().await);
    // The search path is set by the pool for each of its connections, and the relay opens its own.
    let path: String = sqlx::query_scalar("show search_path").fetch_one(&stage.alpha).await.unwrap();
    let elsewhere = stage.alpha.connect_options().as_ref().clone().options([("search_path", "pg_catalog")]);
    let pool = PgPoolOptions::new().after_connect(move |connection, _| {
        let path = path.clone();
        Box::pin(async move {
            let set = sqlx::query("select set_config('search_path', $1, false)").bind(path);
            set.execute(connection).await.map(drop)
        })
    });
    let alpha = Messaging::new("alpha", pool.connect_lazy_with(elsewhere), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(true, async || alpha.check().is_err_and(|why| why.contains("does not exist"))).await;
    stage.stop().await;
}
