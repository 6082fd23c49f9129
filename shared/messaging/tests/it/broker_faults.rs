//! The broker stops and restarts; connections are cut; queues are deleted.

use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, handled, unsent};
use rabbit_outbox::{Messaging, Subscriptions};
use servers::{RabbitMq, RabbitMqOptions};
use std::time::Duration;
use testkit::{eventually, eventually_within};

#[tokio::test]
async fn a_killed_and_restarted_broker_loses_and_doubles_nothing() {
    let folder = std::env::temp_dir().join(testkit::unique("chipin"));
    let options = RabbitMqOptions::new(&folder);
    let mut server = tokio::task::spawn_blocking(|| RabbitMq::start(options)).await.unwrap().unwrap();
    let stage = Stage::new().await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), server.url());
    let beta = Messaging::new("beta", stage.beta.clone(), server.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));

    append_pings(&alpha, 0, 100, 1).await;
    eventually((100, 100), async || handled(&stage.beta).await).await;
    // Halfway: some events are published, some are handled, some are neither.
    let talking = tokio::spawn({
        let alpha = alpha.clone();
        async move { append_pings(&alpha, 100, 2_000, 1).await }
    });
    let sent_some = async || handled(&stage.beta).await.0 > 200;
    eventually(true, sent_some).await;
    let mut server = tokio::task::spawn_blocking(move || {
        server.kill();
        server.start_again().map(|()| server)
    })
    .await
    .unwrap()
    .unwrap();
    talking.await.unwrap();
    eventually_within(Duration::from_mins(1), (2_000, 2_000), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    eventually((Ok(()), Ok(())), async || (alpha.check(), beta.check())).await;
    stage.stop().await;
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn connections_cut_again_and_again_lose_and_double_nothing() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    for round in 0..5 {
        append_pings(&alpha, round * 200, round * 200 + 200, 2).await;
        broker.close_connections().await;
    }
    eventually((1_000, 1_000), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_deleted_inbox_queue_is_declared_again_and_unsent_events_reach_it() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    append_pings(&alpha, 0, 10, 1).await;
    eventually((10, 10), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    broker.delete_queue("beta.inbox").await;
    append_pings(&alpha, 10, 20, 1).await;
    eventually((20, 20), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn ended_database_sessions_lose_and_double_nothing() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    let killer = stage.database.admin_pool("public");
    for round in 0..5 {
        append_pings(&alpha, round * 200, round * 200 + 200, 2).await;
        // The sessions of the relay and of the handlers. The pool replaces the test's own, which is idle.
        sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() \
             and pid <> pg_backend_pid()",
        )
        .execute(&killer)
        .await
        .unwrap();
    }
    eventually((1_000, 1_000), async || handled(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}
